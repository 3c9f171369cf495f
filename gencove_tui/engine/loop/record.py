"""What the end of a transfer means for the loop: written in the very transaction that ends the transfer.

So a crash leaves either both or neither, and clearing finished transfers takes nothing away from the loop.
"""

from __future__ import annotations

from pathlib import PurePath

from gencove_tui.engine.words import plural
from gencove_tui.fastq.names import (
    gencove_client_id,
    gencove_read,
    is_index_read,
    is_undetermined,
    parse_name,
)
from gencove_tui.model import (
    Direction,
    GncvPath,
    LoopFile,
    LoopSample,
    LoopState,
    Transfer,
    TransferState,
    WatchRule,
)
from gencove_tui.store.ledger import Ledger

_WELL = (TransferState.DONE, TransferState.SKIPPED)
RELEASED = "released"
"""Noted as told of a sample that a person let go on."""
NO_PROJECT = "the rule names no project any more"
_STILL_OPEN = (LoopState.COLLECTING, LoopState.UPLOADED, LoopState.READY)


def record_end(ledger: Ledger, transfer: Transfer, state: TransferState, problem: str = "") -> None:
    """Call it inside ``ledger.write()`` when a transfer came to a final state other than cancelled.

    Writes the audit log, and moves the sample of a watch rule along that the file belongs to.
    """
    if transfer.direction is Direction.UPLOAD:
        sample = _upload_ended(ledger, transfer) if state in _WELL else None
    else:
        sample = _download_ended(ledger, transfer, state, problem)
    note_end(ledger, transfer, state, problem, client_id=sample.client_id if sample else "")


def note_end(
    ledger: Ledger, transfer: Transfer, state: TransferState, problem: str = "", *, client_id: str = ""
) -> None:
    """The audit log's line about the end of a transfer, also of one that was cancelled."""
    source = transfer.source
    lanes = " + ".join(transfer.sources) if len(transfer.sources) > 1 else ""
    ledger.audit.add(
        str(transfer.direction),
        str(state),
        rule_id=transfer.rule_id,
        transfer_id=transfer.id,
        local_path=transfer.local_path,
        remote=transfer.remote,
        bytes=transfer.size,
        checksum=checksum_of(transfer),
        verified=transfer.verified,
        sample_id=source.sample_id if source else "",
        client_id=source.client_id if source else client_id,
        project_id=source.project_id if source else "",
        detail=problem or (f"{source.file_type} {source.file_id}".strip() if source else lanes),
    )


def checksum_of(transfer: Transfer) -> str:
    """The strongest checksum that is known of a transfer's bytes, with its kind before a colon."""
    if transfer.checksum:
        return f"sha256:{transfer.checksum}"
    return f"crc32:{transfer.crc32}" if transfer.crc32 else ""


# --- uploads ---------------------------------------------------------------------------------------------


def _upload_ended(ledger: Ledger, transfer: Transfer) -> LoopSample | None:
    """Put an uploaded read to the samples of all rules that wait for it; returns one, None without any.

    A rule also waits for an upload that was queued by hand, or by another rule, when it found the file.
    """
    rules = [ledger.rules.get(rule_id) for rule_id in ledger.loop.rules_of(transfer)]
    samples = [_arrived(ledger, rule, transfer) for rule in rules if rule is not None]
    return next((sample for sample in samples if sample is not None), None)


def _arrived(ledger: Ledger, rule: WatchRule, transfer: Transfer) -> LoopSample | None:
    """The sample of a rule that an uploaded read belongs to; None when it belongs to none."""
    path = GncvPath(transfer.remote)
    name = parse_name(path.name)
    if name is not None and (is_index_read(name) or is_undetermined(name)):
        return None  # uploaded because somebody asked for it; nobody's reads, so never analysed
    client_id, read = _identity(path.name)
    file = LoopFile(
        direction=Direction.UPLOAD,
        name=transfer.remote,
        read=read,
        upload_id=ledger.transfers.journal(transfer.id).upload_id,
        transfer_id=transfer.id,
        local_path=transfer.local_path,
        size=transfer.size,
        checksum=checksum_of(transfer),
        state=TransferState.DONE,
    )
    known = ledger.loop.latest(rule.id, path.folder, client_id)
    if known is None:
        number = ledger.loop.create(rule.id, path.folder, client_id, 1, LoopState.COLLECTING)
    elif known.state in _STILL_OPEN or (known.state is LoopState.HELD and not known.sample_id):
        number = known.id
    elif any(read.name == file.name for read in known.reads()):
        return known  # the same place again, found there already: nothing new
    else:
        number = _next_take(ledger, known, file)
    ledger.loop.put_file(number, file)
    sample = ledger.loop.get(number)
    assert sample is not None  # noqa: S101 - it was written above; tells the type checker
    if not _complain(ledger, sample) and sample.state is LoopState.COLLECTING and is_pair(sample):
        complete(ledger, sample, rule.project)
    return sample


def _identity(name: str) -> tuple[str, str]:
    """Client id and read of an uploaded file. The assignment names both, so other makers' names pair up too,
    but an id still ends at its first underscore, as everywhere on the platform (transfer-anchors §5.2).
    """
    parsed = parse_name(name)
    read = gencove_read(name) or (parsed.read if parsed and parsed.read in ("R1", "R2") else "R1")
    return (gencove_client_id(parsed.sample) if parsed else gencove_client_id(name)), read


def _next_take(ledger: Ledger, known: LoopSample, file: LoopFile) -> int:
    """Files that come after their sample was assigned: held, since a second analysis costs money again."""
    number = ledger.loop.create(
        known.rule_id, known.folder, known.client_id, known.take + 1, LoopState.COLLECTING
    )
    hold(
        ledger,
        [number],
        f"{known.client_id} was assigned already, then {GncvPath(file.name).name} came",
        "Assign it by hand in Gencove, or let the rule go on with it: it becomes one more sample.",
    )
    return number


def is_pair(sample: LoopSample) -> bool:
    """Whether both its mates are uploaded."""
    return {file.read for file in sample.reads()} >= {"R1", "R2"}


def complete(ledger: Ledger, sample: LoopSample, project_id: str) -> None:
    """All files of a sample are there: it goes on to the project, where the rule names one."""
    ledger.loop.move([sample.id], LoopState.READY if project_id else LoopState.UPLOADED)


def contradiction(ledger: Ledger, sample: LoopSample) -> str:
    """Why the uploaded files of a sample can't be one pair; empty when nothing speaks against it."""
    reads = sample.reads()
    names = [file.read for file in reads]
    if twice := next((read for read in names if names.count(read) > 1), ""):
        files = " and ".join(GncvPath(file.name).name for file in reads if file.read == twice)
        return f"{files} both claim to be {twice} of {sample.client_id}"
    # Gencove's id of a sample is cut at an underscore: what stands under one id may come from two.
    keys = [ledger.rules.sample_key(sample.rule_id, file.local_path) for file in reads]
    if not all(keys):
        parsed = [parse_name(file.local_path) for file in reads]
        keys = [name.sample if name else "" for name in parsed]
    if all(keys) and len(set(keys)) > 1:
        files = " and ".join(PurePath(file.local_path).name for file in reads)
        return f"{files} belong to different samples, and Gencove would take both for {sample.client_id}"
    return ""


def _complain(ledger: Ledger, sample: LoopSample) -> bool:
    """Whether its files contradict each other; that is told once."""
    why = contradiction(ledger, sample)
    if why and sample.state is not LoopState.HELD:
        hold(
            ledger,
            [sample.id],
            why,
            "Assign the right pair by hand in Gencove; let the rule join lanes, or set hyphens, next time.",
        )
    return bool(why)


def hold(ledger: Ledger, numbers: list[int], reason: str, remedy: str) -> None:
    """Leave samples to a person, and say so once."""
    with ledger.write():
        ledger.loop.move(numbers, LoopState.HELD, reason=reason, remedy=remedy)
        for number in numbers:
            tell(ledger, number, "sample.held", f"needs you: {reason}", remedy=remedy)


# --- downloads -------------------------------------------------------------------------------------------


def _download_ended(
    ledger: Ledger, transfer: Transfer, state: TransferState, problem: str
) -> LoopSample | None:
    sample = ledger.loop.of_transfer(transfer.id)
    if sample is None:
        return None
    file = next(file for file in sample.files if file.transfer_id == transfer.id)
    ledger.loop.put_file(
        sample.id,
        LoopFile(
            direction=Direction.DOWNLOAD,
            name=file.name,
            transfer_id=transfer.id,
            local_path=transfer.local_path,
            size=transfer.size,
            checksum=checksum_of(transfer),
            verified=transfer.verified,
            state=state,
            problem=problem,
        ),
    )
    settle_delivery(ledger, sample.id)
    return sample


def settle_delivery(ledger: Ledger, number: int) -> None:
    """Conclude a delivery once all its files have ended; call it inside ``ledger.write()``."""
    sample = ledger.loop.get(number)
    if sample is None or sample.state not in (LoopState.DELIVERING, LoopState.HELD):
        return
    results = sample.results()
    open_ones = [file for file in results if file.state not in (*_WELL, TransferState.FAILED)]
    bad = [file for file in results if file.state is TransferState.FAILED]
    if open_ones:
        return
    if bad:
        words = f"{len(bad)} of {plural(len(results), 'result')} did not come: {bad[0].name}"
        words += f": {bad[0].problem}" if bad[0].problem else ""
        if sample.state is not LoopState.HELD:
            hold(ledger, [number], words, "Retry them in the list of transfers; the rule notices.")
        return
    failed = analysis_failed(sample.status)
    words = _in_place(len(results), sum(file.verified for file in results))
    ledger.loop.move(
        [number],
        LoopState.FAILED if failed else LoopState.DELIVERED,
        reason=sample.reason if failed else words,
    )
    tell(
        ledger, number, "sample.delivered", f"delivered: {words}", files=[file.local_path for file in results]
    )


def _in_place(results: int, checked: int) -> str:
    """``2 results in place, 1 with its checksum verified``."""
    what = f"{plural(results, 'result')} in place"
    if not checked:
        return f"{what}, no checksum was known"
    if checked == results:
        return f"{what}, {'its checksum' if results == 1 else 'all checksums'} verified"
    return f"{what}, {checked} with {'its checksum' if checked == 1 else 'their checksums'} verified"


def analysis_failed(status: str) -> bool:
    """Whether Gencove's word for a sample's state means that no good results will come (api-v2 §5).

    ``disabled`` was seen; what a cancelled analysis is called is not known, so any such word counts.
    """
    return status.startswith(("failed", "disabled", "cancel"))


def analysis_succeeded(status: str) -> bool:
    """Whether Gencove's word for a sample's state means that the results are good (api-v2 §5)."""
    return status.startswith("succeeded")


# --- telling ---------------------------------------------------------------------------------------------


def tell(ledger: Ledger, number: int, kind: str, message: str, **data: object) -> None:
    """An event about a sample of a rule, with the ids that a machine needs."""
    sample = ledger.loop.get(number)
    if sample is None:
        return
    ledger.events.add(
        kind,
        f"{sample.client_id}: {message}",
        {
            "client_id": sample.client_id,
            "sample_id": sample.sample_id,
            "project_id": sample.project_id,
            "folder": sample.folder,
            "status": sample.status,
            "state": str(sample.state),
            **data,
        },
        rule_id=sample.rule_id,
    )
