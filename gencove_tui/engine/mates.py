"""The mate check: two files that go up as R1 and R2 of a sample must hold the same fragments.

It is made when the later of the two has been read and before it becomes visible, so that a wrong pair is
never there to be analysed.
"""

from __future__ import annotations

from pathlib import PurePath

from gencove_tui.fastq.integrity import CheckLevel, FastqSummary
from gencove_tui.fastq.mates import check_mates
from gencove_tui.store.ledger import Ledger


def note_reads(ledger: Ledger, transfer_id: int, local_path: str, summary: FastqSummary) -> None:
    """Remember what an upload's check has found and compare it with the mate's.

    Raises ``MatesDisagree``. Nothing is known of transfers that no watch rule made.
    """
    if summary.records is None:
        return
    ledger.rules.note_reads(
        transfer_id,
        records=summary.records,
        first_name=summary.first_name,
        last_name=summary.last_name,
        sampled_names=summary.sampled_names,
    )
    for mate in ledger.rules.mates_of(transfer_id):
        other = FastqSummary(
            level=CheckLevel.FULL,
            size=0,
            crc32=0,
            records=mate.records,
            first_name=mate.first_name,
            last_name=mate.last_name,
            sampled_names=mate.sampled_names,
        )
        names = f"{PurePath(local_path).name} and {PurePath(mate.path).name}"
        check_mates(summary, other, names)
