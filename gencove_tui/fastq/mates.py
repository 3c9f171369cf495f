"""Do two files hold the two ends of the same fragments? (transfer-anchors §3.6)"""

from __future__ import annotations

from gencove_tui.errors import Problem
from gencove_tui.fastq.integrity import FastqSummary

_REMEDY = "Look for a file that was cut short, mixed up, or filtered without its mate."


class MatesDisagree(Problem):
    """Two files that look like R1 and R2 of a sample but don't belong together."""


def check_mates(first: FastqSummary, second: FastqSummary, what: str = "R1 and R2") -> None:
    """Compare number of reads, first and last name, and the names of every 1024th read.

    Equal counts alone prove nothing. Raises ``MatesDisagree``; says nothing where either file was not read
    at level ``full``. ``what`` names the pair in the error.
    """
    if first.records is None or second.records is None:
        return
    failed = f"{what} are no mates"
    if first.records != second.records:
        raise MatesDisagree(failed, f"{first.records:,} reads against {second.records:,}", _REMEDY)
    for which, one, other in (
        ("first", first.first_name, second.first_name),
        ("last", first.last_name, second.last_name),
    ):
        if one != other:
            raise MatesDisagree(failed, f"their {which} reads are {one!r} and {other!r}", _REMEDY)
    if first.sampled_names != second.sampled_names:
        raise MatesDisagree(failed, "their reads have different names somewhere in between", _REMEDY)
