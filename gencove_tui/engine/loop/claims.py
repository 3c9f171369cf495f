"""What the ledger knows against assigning a sample: another rule does it, or its id is another's already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from gencove_tui.engine.loop.mates import local_id
from gencove_tui.engine.loop.record import RELEASED, hold
from gencove_tui.engine.words import SET_HYPHENS
from gencove_tui.fastq.names import client_id
from gencove_tui.model import LoopSample, LoopState
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.loop_neighbours import Twin

_SENT = (LoopState.ASSIGNING, LoopState.TO_ASSIGN)


def twins_of(ledger: Ledger, rule_id: int, project_id: str, samples: Sequence[LoopSample]) -> dict[int, Twin]:
    """By number: the sample that another rule makes of the same uploads, or of the same files for a project.

    One that Gencove has made already comes before one that is about to be made.
    """
    twins = ledger.loop.twins(rule_id, [file for sample in samples for file in sample.reads()])
    found: dict[int, Twin] = {}
    for sample in samples:
        alike = [
            twin
            for file in sample.reads()
            for twin in twins.get(file.name, ())
            if twin.same_upload or (twin.project_id or _project_of(ledger, twin.rule_id)) == project_id
        ]
        if alike:
            found[sample.id] = max(alike, key=lambda twin: bool(twin.sample_id))
    return found


def hold_namesakes(ledger: Ledger, project_id: str, samples: Sequence[LoopSample]) -> list[LoopSample]:
    """Hold what would be called as another sample of the project is; returns the others.

    The platform cuts ids at the first underscore, so two samples of two runs may come to one id, and nobody
    could tell their results apart (transfer-anchors §5.2). The same sample once more is not meant by that.
    """
    alike: defaultdict[str, list[LoopSample]] = defaultdict(list)
    for other in ledger.loop.namesakes(sorted({sample.client_id for sample in samples}), project_id):
        if other.project_id or _project_of(ledger, other.rule_id) == project_id:
            alike[other.client_id].append(other)
    left = []
    for sample in samples:
        here = local_id(ledger, sample)
        namesake = next(
            (
                there
                for other in alike[sample.client_id]
                if other.id < sample.id or other.project_id or other.state in _SENT
                if other.id != sample.id and (there := local_id(ledger, other))
                if here and client_id(there) != client_id(here)
            ),
            "",
        )
        if not namesake or sample.state is LoopState.ASSIGNING or ledger.loop.told(sample.id) == RELEASED:
            left.append(sample)
            continue
        hold(
            ledger,
            [sample.id],
            f"{here} would be called {sample.client_id} in the project, as {namesake} is already:"
            " Gencove takes the id up to the first underscore",
            f"{SET_HYPHENS}, so that the next ones are called like {client_id(here)}. Let"
            f" this one go on as {sample.client_id}, or assign it by hand.",
        )
    return left


def _project_of(ledger: Ledger, rule_id: int) -> str:
    rule = ledger.rules.get(rule_id)
    return rule.project if rule is not None else ""
