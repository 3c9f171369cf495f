"""Following one transfer through a fault, with an eye on what must hold at every moment."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from gencove_tui.engine.targets import PART_SUFFIX
from gencove_tui.model import (
    FINAL_STATES,
    Deliverable,
    DownloadSource,
    Sample,
    Transfer,
    TransferState,
    Wish,
)
from gencove_tui.sandbox.records import StoredFile
from tests.waiting import until

BOTH = ("v1", "v2")
STALL = 1.0
"""Seconds of silence after which a line is given up here, in place of a minute."""


@dataclass(frozen=True)
class Row:
    """A line of the matrix: what goes wrong, and how a transfer has to end."""

    fault: str
    """Faults of the sandbox, blanks between them."""
    end: TransferState = TransferState.DONE
    says: str = ""
    """A pattern in what is told where the end is not ``done``."""
    do: str = ""
    """A pattern in the remedy."""
    shapes: tuple[str, ...] = ("one", "several")
    """Uploads: one request, or parts. Downloads: one range, or several."""
    dialects: tuple[str, ...] = BOTH
    always: bool = False
    """Whether no shape is left to the long run: each has a path of its own through this fault."""

    @property
    def specs(self) -> list[str]:
        return self.fault.split()


def cells(rows: list[Row]) -> list[ParameterSet]:
    """Every row in every shape and dialect that it is about.

    Bytes move the same way in both dialects, and most faults are met the same way in both shapes: where a row
    is about both, v1 and the simpler shape are left to the long run.
    """

    def marks(row: Row, shape: str, dialect: str) -> list[pytest.MarkDecorator]:
        repeats = (dialect == "v1" and len(row.dialects) == 2) or (
            shape == "one" and len(row.shapes) == 2 and not row.always
        )
        return [pytest.mark.long] if repeats else []

    return [
        pytest.param((row, shape, dialect), marks=marks(row, shape, dialect))
        for row in rows
        for shape in row.shapes
        for dialect in row.dialects
    ]


def name_of(cell: tuple[Row, str, str]) -> str:
    row, shape, dialect = cell
    return f"{row.fault}-{shape}-{dialect}"


def told(ledger, transfer_id: int) -> list[str]:
    """The kinds of events about a transfer, oldest first."""
    return [event.kind for event in ledger.events.after(0, 100_000) if event.transfer_id == transfer_id]


def sane(transfer: Transfer) -> Transfer:
    """The transfer, whose progress never passes its size, however often bytes go again."""
    assert transfer.size is None or 0 <= transfer.bytes_done <= transfer.size
    return transfer


class Upload:
    """One upload of a file, and the place where it shall appear."""

    def __init__(self, ledger, sandbox, path: Path, place: str) -> None:
        self.ledger, self.sandbox, self.path, self.place = ledger, sandbox, path, place
        self.content = path.read_bytes()
        self.id = ledger.transfers.add_upload(str(path), place, len(self.content))

    def look(self) -> Transfer:
        """The transfer as it stands; nothing but the whole file may be seen in the upload area."""
        visible = self.sandbox.store.size(self.sandbox.object_key(self.place))
        assert visible in (None, len(self.content)), "half a file is visible"
        return sane(self.ledger.transfers.get(self.id))

    def check_done(self) -> None:
        assert self.sandbox.upload_bytes(self.place) == self.content
        assert not self.sandbox.open_multiparts(), "parts were left in the store"
        assert told(self.ledger, self.id)[-1] == "upload.done"

    def check_not_done(self) -> None:
        arrived = self.sandbox.upload_bytes(self.place)
        assert arrived in (None, self.content)


def vcf_of(sample: Sample) -> Deliverable:
    """The VCF among a sample's deliverables, in the words of either dialect."""
    return next(d for d in sample.deliverables if d.name.endswith(".vcf.gz"))


def stored_as(sandbox, sample: Sample, deliverable: Deliverable) -> StoredFile:
    """The file behind a deliverable, as the sandbox keeps it."""
    with sandbox.state.lock:
        row = sandbox.state.sample(sample.id) or sandbox.state.sample_by_number(int(sample.id))
        return next(f for f in sandbox.state.sample_files(row) if f.name.endswith(deliverable.name[-20:]))


def bytes_of(stored: StoredFile) -> bytes:
    """All its bytes."""
    return b"".join(stored.content.read(0, stored.content.size))


def add_download(ledger, sandbox, wanted, target: Path) -> "Download":
    """Queue the VCF of a sample (project id, sample)."""
    project_id, sample = wanted
    deliverable = vcf_of(sample)
    source = DownloadSource(
        project_id=project_id,
        sample_id=sample.id,
        file_type=deliverable.file_type,
        file_id=deliverable.id,
    )
    queued = ledger.transfers.add_download(str(target), f"{sample.id}/{target.name}", source, None)
    return Download(ledger, target, queued, bytes_of(stored_as(sandbox, sample, deliverable)))


class Download:
    """One download of a deliverable, whose true bytes are known."""

    def __init__(self, ledger, target: Path, transfer_id: int, content: bytes) -> None:
        self.ledger, self.target, self.id, self.content = ledger, target, transfer_id, content
        self.partial = Path(f"{target}{PART_SUFFIX}")

    def look(self) -> Transfer:
        """The transfer as it stands; nothing but the whole file may bear the name."""
        try:
            size = self.target.stat().st_size
        except FileNotFoundError:
            size = None
        assert size in (None, len(self.content)), "something else has the file's name"
        return sane(self.ledger.transfers.get(self.id))

    def check_done(self) -> None:
        assert self.target.read_bytes() == self.content
        assert sorted(self.target.parent.iterdir()) == [self.target], "something was left beside the file"
        assert told(self.ledger, self.id)[-1] == "download.done"

    def check_not_done(self) -> None:
        assert not self.target.exists()


async def ended(moved: Upload | Download, what: str) -> Transfer:
    """The transfer once it is in a final state."""

    def look():
        transfer = moved.look()
        return transfer if transfer.state in FINAL_STATES else None

    return await until(look, what)


async def reached(moved: Upload | Download, state: TransferState) -> Transfer:
    """The transfer in a state; also one that it only passes through."""

    def look():
        transfer = moved.look()
        assert transfer.state is state or transfer.state not in FINAL_STATES, transfer.problem
        return transfer if transfer.state is state else None

    return await until(look, f"the state {state}")


def hurry(moved: Upload | Download) -> None:
    """Let the time pass until a waiting transfer is tried again, if it waits."""
    if moved.look().state is TransferState.WAITING:
        moved.ledger.transfers.wake([moved.id])


async def through(row: Row, moved: Upload | Download, faults) -> None:
    """Follow a transfer through its row: the promised end, in words, and ``done`` once the fault is over."""
    if row.end is TransferState.DONE:
        transfer = await ended(moved, f"the end in spite of {row.fault}")
        assert transfer.state is TransferState.DONE, f"{transfer.problem} | {transfer.remedy}"
        moved.check_done()
        return
    transfer = await reached(moved, row.end)
    assert transfer.problem, "it is silent about what went wrong"
    assert transfer.remedy, "it does not say what to do"
    assert_matches(row.says, transfer.problem)
    assert_matches(row.do, transfer.remedy)
    kinds = [event.kind for event in moved.ledger.events.after(0, 100_000)]
    assert {f"{transfer.direction}.{row.end}", "offline", "disk.full"} & set(kinds), "nothing was told"
    moved.check_not_done()
    faults.clear()
    if row.end is TransferState.FAILED:
        moved.ledger.transfers.wish([moved.id], Wish.RUN)
    hurry(moved)
    transfer = await until(
        lambda: (now := moved.look()).state is TransferState.DONE and now, f"the end after {row.fault}"
    )
    moved.check_done()


def assert_matches(pattern: str, text: str) -> None:
    assert re.search(pattern, text), f"{pattern!r} is not in {text!r}"
