"""What the end of a transfer means for the loop: written in the very transaction that ends the transfer.

So a crash leaves either both or neither, and clearing finished transfers takes nothing away from the loop.
"""

from __future__ import annotations

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
)
from gencove_tui.store.ledger import Ledger

_WELL = (TransferState.DONE, TransferState.SKIPPED)
_STILL_OPEN = (LoopState.COLLECTING, LoopState.UPLOADED, LoopState.READY)


def record_end(ledger: Ledger, transfer: Transfer, state: TransferState, problem: str = "") -> None:
    """Call it inside ``ledger.write()`` when a transfer came to a final state other than cancelled.

    Writes the audit log, and moves the sample of a watch rule along that the file belongs to.
    """
    if transfer.direction is Direction.UPLOAD:
        sample = _upload_ended(ledger, transfer) if state in _WELL else None
    else:
        sample = _download_ended(ledger, transfer, state, problem)
    source = transfer.source
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
        client_id=source.client_id if source else sample.client_id if sample else "",
        project_id=source.project_id if source else "",
        detail=problem or (f"{source.file_type} {source.file_id}".strip() if source else ""),
    )


def checksum_of(transfer: Transfer) -> str:
    """The strongest checksum that is known of a transfer's bytes, with its kind before a colon."""
    if transfer.checksum:
        return f"sha256:{transfer.checksum}"
    return f"crc32:{transfer.crc32}" if transfer.crc32 else ""


# --- uploads ---------------------------------------------------------------------------------------------


def _upload_ended(ledger: Ledger, transfer: Transfer) -> LoopSample | None:
    """Put an uploaded read to the sample of the rule that it belongs to; None when it belongs to none."""
    rule = None if transfer.rule_id is None else ledger.rules.get(transfer.rule_id)
    if rule is None:
        return None
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
    elif known.state in _STILL_OPEN:
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
    if known.state is LoopState.HELD and not known.sample_id:
        return known.id
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


def _complain(ledger: Ledger, sample: LoopSample) -> bool:
    """Whether two of its files contradict each other; that is told once."""
    reads = [file.read for file in sample.reads()]
    twice = next((read for read in reads if reads.count(read) > 1), "")
    if twice and sample.state is not LoopState.HELD:
        names = " and ".join(GncvPath(file.name).name for file in sample.reads() if file.read == twice)
        hold(
            ledger,
            [sample.id],
            f"{names} both claim to be {twice} of {sample.client_id}",
            "Assign the right pair by hand in Gencove; let the rule join lanes next time.",
        )
    return bool(twice)


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
        words = f"{len(bad)} of {len(results)} results did not come: {bad[0].name}: {bad[0].problem}"
        if sample.state is not LoopState.HELD:
            hold(ledger, [number], words, "Retry them in the list of transfers; the rule notices.")
        return
    failed = analysis_failed(sample.status)
    checked = sum(file.verified for file in results)
    words = f"{len(results)} results in place, {checked} with their checksum verified"
    ledger.loop.move(
        [number],
        LoopState.FAILED if failed else LoopState.DELIVERED,
        reason=sample.reason if failed else words,
    )
    tell(
        ledger, number, "sample.delivered", f"delivered: {words}", files=[file.local_path for file in results]
    )


def analysis_failed(status: str) -> bool:
    """Whether Gencove's word for a sample's state means that no good results will come (api-v2 §5)."""
    return status.startswith("failed")


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
