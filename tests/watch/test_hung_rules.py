"""A rule whose disk hangs, as one does whose server is away, holds up itself and no other rule."""

import os

import pytest

from gencove_tui.engine.watch import papers, watcher
from gencove_tui.fastq.generate import write_pair
from gencove_tui.model import GncvPath
from tests.engine.conftest import running_engine
from tests.hanging import hang_in
from tests.waiting import until
from tests.watch.conftest import terms

RULES = 6
"""More than there are threads for one disk."""


@pytest.mark.parametrize(
    ("module", "deed"), [(os, "scandir"), (papers, "_content"), (watcher, "is_network"), (os, "open")]
)
async def test_rules_whose_disk_hangs(settings, ledger, sandbox, folder, away, monkeypatch, module, deed):
    there, back = away
    stuck = []
    for number in range(RULES):
        below = there / str(number)
        write_pair(below, f"A{number}", number + 1, 20, seed=number)
        (below / "SampleSheet.csv").write_text("[Header]\n")
        terms_of = terms(below, destination=GncvPath(f"gncv://stuck/{number}/"))
        stuck.append(ledger.rules.put_terms(terms_of, f"stuck{number}"))
    entered = hang_in(monkeypatch, away, module, deed)
    async with running_engine(settings):
        await until(lambda: entered, "the disk to hang")
        write_pair(folder, "GOOD", 9, 20, seed=9)
        good = ledger.rules.put_terms(terms(folder), "good")
        await until(lambda: ledger.rules.counts(good) == {"uploaded": 2}, "the uploads of the other rule")
        if deed != "_content":  # a sheet is read in between: that is not told apart from thinking
            problem = await until(lambda: ledger.rules.get(stuck[0]).problem, "the word about the disk")
            assert f"the disk at {there} has not answered since" in problem
        back.set()
        for rule in stuck:
            await until(lambda rule=rule: ledger.rules.counts(rule) == {"uploaded": 2}, "their end")
            await until(lambda rule=rule: not ledger.rules.get(rule).problem, "no problem")
