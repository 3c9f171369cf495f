"""A sample as a list of facts, for the detail pane and for the sheet of all that is known."""

from __future__ import annotations

from gencove_tui.model import Sample
from gencove_tui.tui.format import Cell, Tone, clean, moment
from gencove_tui.tui.json_text import in_words
from gencove_tui.tui.states import archive_status, sample_status
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.facts import Fact


def sample_facts(sample: Sample, look: Look) -> list[Fact]:
    """How a sample stands; fields that this version doesn't know are shown as they came."""
    glyphs = look.glyphs
    return [
        Fact("Client id", Cell(clean(sample.client_id), Tone.STRONG)),
        Fact("Status", sample_status(sample.status, glyphs)),
        Fact("Since", Cell(moment(sample.status_created))),
        Fact("Created", Cell(moment(sample.created))),
        Fact("Gencove id", Cell(clean(sample.id))),
        Fact("Note", Cell(clean(sample.status_note), Tone.WARN), long=True),
        Fact("Failed QC", Cell(", ".join(map(clean, sample.failed_qc)), Tone.WARN), long=True),
        Fact("Archive", archive_status(sample.archive_status, glyphs)),
        *(
            Fact(clean(name), Cell("–" if value is None else clean(in_words(value)), Tone.DIM))
            for name, value in sample.extra.items()
        ),
    ]
