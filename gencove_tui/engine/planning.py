"""What would be moved where, before anything is queued: pure looking, no promises."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from msgspec import structs

from gencove_tui.engine.looking import is_there
from gencove_tui.engine.targets import DEFAULT_TEMPLATE, DOCUMENTS, check_template, target_path
from gencove_tui.engine.views import PlannedDownload, PlannedUpload
from gencove_tui.errors import InputProblem
from gencove_tui.fastq.names import is_fastq, temporary_name
from gencove_tui.model import FASTQ_SUFFIXES, Deliverable, GncvPath, Sample

COLLISION = "another file would have the same path: make the template tell them apart"


def plan_downloads(
    sample: Sample,
    deliverables: Sequence[Deliverable],
    folder: Path,
    busy: Collection[str] = (),
    *,
    template: str = DEFAULT_TEMPLATE,
) -> tuple[PlannedDownload, ...]:
    """Where each deliverable would be saved; ``busy`` holds the paths that unfinished transfers write to.

    ``documents_of`` a sample can be planned in the same way. Raises ``InputProblem`` for a bad template.
    """
    check_template(template)
    plan: list[PlannedDownload] = []
    for deliverable in deliverables:
        target = target_path(folder, sample, deliverable, template)
        obstacle = ""
        if deliverable.url is None and deliverable.file_type not in DOCUMENTS:
            obstacle = "no URL, as when a sample is archived"
        elif str(target) in busy:
            obstacle = "already in the queue"
        plan.append(
            PlannedDownload(
                sample=sample,
                deliverable=deliverable,
                target=target,
                obstacle=obstacle,
                present=_is_present(target, deliverable.size),
            )
        )
    return without_collisions(plan)


def without_collisions(plan: Sequence[PlannedDownload]) -> tuple[PlannedDownload, ...]:
    """The same plan, where every file that would share its path with another one has that as its obstacle.

    Paths that differ only in case count as one, since on some disks they are.
    """
    places = Counter(str(planned.target).casefold() for planned in plan if not planned.obstacle)
    return tuple(
        structs.replace(planned, obstacle=COLLISION)
        if not planned.obstacle and places[str(planned.target).casefold()] > 1
        else planned
        for planned in plan
    )


def _is_present(path: Path, size: int | None) -> bool:
    """Whether a file of this size is at its place, or any file where nothing tells the size."""
    if size is None:
        return is_there(path)
    try:
        return path.stat().st_size == size
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return False


def check_download_folder(folder: Path) -> None:
    """Create the folder if need be. Raises ``InputProblem`` when nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a name that no folder can have
        raise InputProblem(
            f"Can't download to {folder}",
            _why(error),
            "Choose another folder with --download-folder or in config.toml.",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputProblem(
            f"Can't download to {folder}",
            "permission denied",
            "Choose another folder with --download-folder or in config.toml.",
        )


def plan_uploads(
    paths: Sequence[Path],
    destination: GncvPath,
    busy: Collection[tuple[str, str]] = (),
    given_up: Callable[[], bool] = lambda: False,
) -> tuple[PlannedUpload, ...]:
    """What of files and folders would go where; ``busy`` holds the two paths of each unfinished upload.

    A folder's files keep their place relative to it. A single file may name its own new name with a
    destination that is no folder. Raises ``InputProblem`` when a path doesn't exist or can't be looked at.
    Once ``given_up()``, looks no further.
    """
    plan: list[PlannedUpload] = []
    targets: set[str] = set()
    for given in paths:
        try:
            path = given.expanduser().absolute()
            is_folder, exists = path.is_dir(), path.exists()
            if is_folder:
                os.scandir(path).close()  # os.walk keeps to itself that it may not look into one
        except (OSError, ValueError) as error:
            raise InputProblem(f"Can't look at {given}", _why(error), "Choose another path.") from error
        if is_folder:
            for file, relative in takewhile(lambda _: not given_up(), _walk(path, given_up)):
                plan.append(_planned(file, destination.as_folder(), relative, busy, targets))
        elif exists:
            if destination.is_folder or len(paths) > 1:
                plan.append(_planned(path, destination.as_folder(), path.name, busy, targets))
            else:
                plan.append(_planned(path, destination.folder, destination.name, busy, targets))
        else:
            raise InputProblem(f"There is no {path}", "", "Check the spelling.")
    return tuple(plan)


def _why(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _walk(folder: Path, given_up: Callable[[], bool]) -> Iterator[tuple[Path, str]]:
    """Files below a folder with their relative paths, in order; links to folders aren't followed."""
    for root, folders, files in takewhile(lambda _: not given_up(), os.walk(folder)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(root, name)
            yield file, file.relative_to(folder).as_posix()


def _planned(
    file: Path, folder: GncvPath, relative: str, busy: Collection[tuple[str, str]], targets: set[str]
) -> PlannedUpload:
    target: GncvPath | None = None
    size = 0
    obstacle = ""
    try:
        size = file.stat().st_size
        relative.encode("utf-8")
        target = folder.child(relative)
    except OSError as error:
        obstacle = error.strerror or str(error)
    except UnicodeEncodeError:
        obstacle = "its name is not valid UTF-8"
    except InputProblem as problem:
        obstacle = problem.why
    if not obstacle:
        if not is_fastq(file.name):
            obstacle = f"not a FASTQ ({', '.join(FASTQ_SUFFIXES)})"
        elif temporary_name(file.name):
            obstacle = "a temporary or hidden name"
        elif size == 0:
            obstacle = "empty"
        elif not os.access(file, os.R_OK):
            obstacle = "permission denied"
        elif (str(file), str(target)) in busy:
            obstacle = "already in the queue"
        elif target in targets:
            obstacle = "another file of this plan has the same place"
    if target is not None and not obstacle:
        targets.add(target)
    return PlannedUpload(local=file, target=target, size=size, obstacle=obstacle)
