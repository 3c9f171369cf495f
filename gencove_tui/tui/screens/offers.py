"""What can be downloaded, line by line, and what would come of a choice, in words."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content

from gencove_tui.engine.targets import DOCUMENTS, documents_of
from gencove_tui.engine.views import PlannedDownload
from gencove_tui.engine.words import plural
from gencove_tui.model import Deliverable, Sample
from gencove_tui.tui.fitting import fit
from gencove_tui.tui.format import Cell, Tone, clean, total_size
from gencove_tui.tui.screens.paths import shortened
from gencove_tui.tui.states import ARCHIVED

LACKING = 4
"""Samples without files that are named before the rest is counted."""


class Offer(NamedTuple):
    """One line to choose: a deliverable, or all of one type where there are several samples."""

    key: str
    title: str
    detail: str
    files: tuple[tuple[Sample, Deliverable], ...]

    @property
    def type(self) -> str:
        """Which type of file it is."""
        return self.files[0][1].file_type

    @property
    def available(self) -> bool:
        """Whether any of it can be fetched now."""
        return any(file.url is not None or file.file_type in DOCUMENTS for _, file in self.files)

    @property
    def why_not(self) -> str:
        """Why none of it can be fetched now; nothing where some can."""
        if self.available:
            return ""
        archived = all(sample.archive_status == ARCHIVED for sample, _ in self.files)
        return ARCHIVED if archived else "not available now"

    @property
    def usual(self) -> bool:
        """Whether it is chosen to begin with: a deliverable that is there."""
        return any(file.url is not None for _, file in self.files)

    @property
    def size(self) -> int | None:
        """Bytes in all; None when one isn't known."""
        sizes = [file.size for _, file in self.files]
        return None if None in sizes else sum(filter(None, sizes))


def offers(
    samples: Sequence[Sample], only: Sequence[Deliverable] = (), *, documents: bool = False
) -> tuple[Offer, ...]:
    """What there is to choose from. With ``only``, just these deliverables of the one sample.

    ``documents``: QC and metadata of each sample can be had as JSON too.
    """
    if len(samples) == 1:
        files = only or (*(samples[0].deliverables or ()), *_documents(samples[0], documents))
        return tuple(
            Offer(str(number), clean(file.file_type), clean(file.name), ((samples[0], file),))
            for number, file in enumerate(files)
        )
    by_type: dict[str, list[tuple[Sample, Deliverable]]] = {}
    for sample in samples:
        for file in (*(sample.deliverables or ()), *_documents(sample, documents)):
            by_type.setdefault(file.file_type, []).append((sample, file))
    return tuple(
        Offer(kind, clean(kind), f"of {plural(len({s.id for s, _ in files}), 'sample')}", tuple(files))
        for kind, files in by_type.items()
    )


def found_by(typed: str, titles: Sequence[str], start: int) -> int | None:
    """The first title from ``start`` on, around the end, in which a word begins as typed; None for none.

    Words end at dashes and the like: ``v`` finds ``impute-vcf``.
    """
    begins = re.compile(rf"(?:^|[\W_]){re.escape(typed.casefold())}")
    places = (*range(start, len(titles)), *range(min(start, len(titles))))
    return next((place for place in places if begins.search(titles[place].casefold())), None)


def _documents(sample: Sample, wanted: bool) -> tuple[Deliverable, ...]:
    # Files of a project come without a sample, which has no documents then.
    if not wanted or not sample.id:
        return ()
    there = {file.file_type for file in sample.deliverables or ()}
    return tuple(document for document in documents_of(sample) if document.file_type not in there)


def lacking(samples: Sequence[Sample]) -> Content:
    """Which of the chosen samples have nothing to download."""
    names = ", ".join(fit(name_of(s), 20, cut="middle").rstrip() for s in samples[:LACKING])
    more = f" and {len(samples) - LACKING:,} more" if len(samples) > LACKING else ""
    have = "has" if len(samples) == 1 else "have"
    text = f"{plural(len(samples), 'marked sample')} {have} no files yet: {names}{more}"
    return Content.styled(text, "$text-warning")


def name_of(sample: Sample) -> str:
    """What people call a sample."""
    return clean(sample.client_id) or clean(sample.id)


def wanted(plan: Sequence[PlannedDownload]) -> list[PlannedDownload]:
    """What of a plan would be queued."""
    return [item for item in plan if not item.obstacle]


def advice(found: Sequence[Offer], restore_key: str) -> Content:
    """What to do while nothing is chosen; without a key, archived files can't be asked back from here."""
    lines = ["Nothing chosen." + " Space ticks a line." * any(offer.available for offer in found)]
    if any(offer.why_not == ARCHIVED for offer in found):
        where = f"{restore_key} in the list of samples" if restore_key else "The dashboard"
        lines.append(f"{where} asks for archived files back.")
    return Content("\n".join(lines))


def plan_summary(plan: Sequence[PlannedDownload], width: int) -> Content:
    """How many files, how much, what is there already, and what can't be had; paths in ``width`` cells."""
    good = wanted(plan)
    total = total_size([item.deliverable.size for item in good])
    lines = [Content(f"{plural(len(good), 'file')}, {total}")]
    if good:
        where = _common([item.target for item in good])
        example = _below(good[0].target, where)
        for word, path in (("to", where), ("as" if len(good) == 1 else "like", example)):
            shown = shortened(clean(str(path)), width - cell_len(word) - 1)
            lines.append(Content.styled(f"{word} {shown}", "$foreground-muted"))
    if present := sum(item.present for item in good):
        lines.append(Content(f"{present:,} of them already there: fetched only if different"))
    obstacles: dict[str, int] = {}
    for item in plan:
        if item.obstacle:
            obstacles[item.obstacle] = obstacles.get(item.obstacle, 0) + 1
    for obstacle, number in list(obstacles.items())[:2]:
        lines.append(
            Content.styled(f"{plural(number, 'file')} can't be queued: {clean(obstacle)}", "$text-warning")
        )
    return Content("\n").join(lines)


def path_cell(item: PlannedDownload) -> Cell:
    """Where a file would be saved, or why it can't be queued."""
    if item.obstacle:
        return Cell(clean(f"{item.obstacle}: {item.target}"), Tone.WARN)
    return Cell(clean(str(item.target)))


def _below(path: Path, folder: Path) -> Path:
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def _common(targets: Sequence[Path]) -> Path:
    """The deepest folder that holds all targets."""
    return Path(os.path.commonpath([target.parent for target in targets]))
