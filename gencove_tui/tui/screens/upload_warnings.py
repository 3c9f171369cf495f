"""What is worth a word before files go up by hand: names that Gencove would misread."""

from __future__ import annotations

from collections.abc import Sequence

from gencove_tui.engine.views import PlannedUpload
from gencove_tui.engine.words import plural
from gencove_tui.fastq.collisions import collisions, unchanged
from gencove_tui.fastq.names import is_index_read, is_undetermined, parse_name
from gencove_tui.fastq.pairs import group
from gencove_tui.model import GNCV
from gencove_tui.tui.format import clean

NAMED = 2
"""Collisions that are spelled out."""


def warnings(plan: Sequence[PlannedUpload]) -> list[str]:
    """One line for each kind of trouble with what would go; nothing while there is none."""
    names = [item.target.removeprefix(GNCV) for item in plan if item.target is not None and not item.obstacle]
    parsed = [name for name in map(parse_name, names) if name is not None]
    found = []
    if undetermined := sum(map(is_undetermined, parsed)):
        found.append(
            f"{plural(undetermined, 'file')} of undetermined reads: they would become a sample of their own."
        )
    if index := sum(map(is_index_read, parsed)):
        found.append(f"{plural(index, 'file')} of index reads: Gencove has no use for them.")
    grouping = group(names)
    clashes = collisions(unchanged(grouping.samples))
    for clash in clashes[:NAMED]:
        samples = ", ".join(map(clean, clash.samples[:4]))
        found.append(f"{samples}: Gencove takes all for {clean(clash.client_id)!r}. {clean(clash.remedy)}")
    if len(clashes) > NAMED:
        found.append(f"{len(clashes) - NAMED:,} more names collide.")
    alone = sum(bool(sample.missing) for sample in grouping.samples)
    if alone:
        found.append(f"{plural(alone, 'sample')} without a mate: R1 and R2 belong together.")
    return found
