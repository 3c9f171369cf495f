"""Who takes part: our engine and its peers, each as the command that a user would type for the same work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.fakes import FILE_TYPE, results
from tests.bench.measure import Cost, Running, run
from tests.bench.stage import Place, Stage

UP, DOWN = "up", "down"


@dataclass(frozen=True)
class Task:
    """One piece of work: a group of files, in one direction, with the other side at one place."""

    stage: Stage
    place: Place
    group: str
    direction: str
    folder: Path
    """Empty, for what is fetched and for whatever the contestant needs."""

    @property
    def target(self) -> Path:
        """Where downloads go."""
        return self.folder / "fetched"

    @property
    def source(self) -> Path:
        """The folder with the files to upload."""
        return self.stage.results / self.group


Maker = Callable[[Task], tuple[list[str], dict[str, str]]]
"""A command and what it needs in its environment."""


@dataclass(frozen=True)
class Peer:
    """Another program. ``command`` None: it isn't installed."""

    name: str
    program: str | None
    commands: dict[str, Maker] = field(default_factory=dict)
    check: str = ""
    resumes: bool = False

    @property
    def directions(self) -> tuple[str, ...]:
        return tuple(self.commands)

    def start(self, task: Task) -> Running:
        """Begin the task."""
        task.target.mkdir(parents=True, exist_ok=True)
        command, more = self.commands[task.direction](task)
        return Running(command, task.stage.environment(task.folder, **more), task.folder)

    def perform(self, task: Task) -> Cost:
        """Do the task from beginning to end."""
        task.target.mkdir(parents=True, exist_ok=True)
        command, more = self.commands[task.direction](task)
        return run(command, task.stage.environment(task.folder, **more), task.folder)


def program(name: str, variable: str = "") -> str | None:
    """Where a program is: as a variable says, or on the path."""
    return os.environ.get(variable) or shutil.which(name)


def peers() -> list[Peer]:
    """All peers that are known, installed or not."""
    gencove, s5cmd = program("gencove", "GENCOVE_CLI"), program("s5cmd", "S5CMD")
    aws, rclone = program("aws", "AWSCLI"), program("rclone")
    curl, aria2 = program("curl"), program("aria2c")
    return [
        Peer("official CLI", gencove, {UP: _gencove_up(gencove), DOWN: _gencove_down(gencove)}),
        Peer("awscli", aws, {UP: _aws(aws), DOWN: _aws(aws)}),
        Peer("s5cmd", s5cmd, {UP: _s5cmd(s5cmd), DOWN: _s5cmd(s5cmd)}),
        Peer("rclone", rclone, {UP: _rclone(rclone), DOWN: _rclone(rclone)}),
        Peer("curl", curl, {DOWN: _curl(curl)}, resumes=True),
        Peer("aria2", aria2, {DOWN: _aria2(aria2)}, resumes=True),
    ]


def _account(task: Task) -> dict[str, str]:
    return {
        "GENCOVE_HOST": task.place.url,
        "GENCOVE_API_KEY": "bench",
        "GENCOVE_LOCALSTACK_S3_ENDPOINT": task.place.url,
    }


def _gencove_up(path: str | None) -> Maker:
    def make(task: Task) -> tuple[list[str], dict[str, str]]:
        command = [path or "", "upload", str(task.source), "gncv://bench/", "--no-progress"]
        return command, _account(task)

    return make


def _gencove_down(path: str | None) -> Maker:
    def make(task: Task) -> tuple[list[str], dict[str, str]]:
        found = results(task.stage.results, task.group, hashed=False)
        samples = ",".join(dict.fromkeys(result.sample for result in found))
        words = ["--sample-ids", samples, "--file-types", FILE_TYPE, "--no-progress"]
        return [path or "", "download", str(task.target), *words], _account(task)

    return make


def _s3(task: Task) -> str:
    return f"https://{task.place.files if task.direction == DOWN else task.place.cloud}"


def _ends(task: Task) -> tuple[str, str]:
    """Source and target of an S3 copy of one file or of a folder."""
    one = len(task.stage.files(task.group)) == 1
    name = task.stage.files(task.group)[0].name if one else ""
    local = str(task.source / name) if one else f"{task.source}/"
    if task.direction == UP:
        return local, f"s3://area/bench/{name}"
    return f"s3://results/{task.group}/{name}", f"{task.target}/{name}"


def _aws(path: str | None) -> Maker:
    def make(task: Task) -> tuple[list[str], dict[str, str]]:
        more = [] if len(task.stage.files(task.group)) == 1 else ["--recursive"]
        options = ["--endpoint-url", _s3(task), "--no-progress", *more]
        return [path or "", "s3", "cp", *_ends(task), *options], {}

    return make


def _s5cmd(path: str | None) -> Maker:
    def make(task: Task) -> tuple[list[str], dict[str, str]]:
        source, target = _ends(task)
        if len(task.stage.files(task.group)) > 1:
            source += "*"
        return [path or "", "--endpoint-url", _s3(task), "cp", source, target], {}

    return make


def _rclone(path: str | None) -> Maker:
    def make(task: Task) -> tuple[list[str], dict[str, str]]:
        verb = "copyto" if len(task.stage.files(task.group)) == 1 else "copy"
        ends = [end.replace("s3://", "bench:") for end in _ends(task)]
        remote = {
            "TYPE": "s3",
            "PROVIDER": "Other",
            "ENDPOINT": _s3(task),
            "ENV_AUTH": "true",
            "NO_CHECK_BUCKET": "true",
        }
        # It can't take the AWS library's own way to name an authority; $SSL_CERT_FILE does.
        more = {f"RCLONE_CONFIG_BENCH_{k}": v for k, v in remote.items()} | {"AWS_CA_BUNDLE": ""}
        return [path or "", verb, *ends], more

    return make


def _addresses(task: Task) -> list[tuple[str, Path]]:
    return [
        (f"https://{task.place.files}/results/{task.group}/{path.name}", task.target / path.name)
        for path in task.stage.files(task.group)
    ]


def _curl(path: str | None) -> Maker:
    def make(task: Task) -> tuple[list[str], dict[str, str]]:
        addresses = _addresses(task)
        if len(addresses) == 1:
            url, target = addresses[0]
            return [path or "", "-sSf", "-C", "-", "-o", str(target), url], {}
        wanted = task.folder / "curl.txt"
        wanted.write_text("".join(f'url = "{url}"\noutput = "{target}"\n' for url, target in addresses))
        return [path or "", "-sSf", "--parallel", "--parallel-max", "8", "-K", str(wanted)], {}

    return make


def _aria2(path: str | None) -> Maker:
    def make(task: Task) -> tuple[list[str], dict[str, str]]:
        wanted = task.folder / "aria2.txt"
        wanted.write_text("".join(f"{url}\n  out={target.name}\n" for url, target in _addresses(task)))
        options = [
            f"--ca-certificate={task.stage.authority}",
            f"--dir={task.target}",
            f"--input-file={wanted}",
            "--max-concurrent-downloads=8",
            "--continue=true",
            "--quiet=true",
        ]
        return [path or "", *options], {}

    return make
