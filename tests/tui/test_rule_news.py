"""Toast and bell of watch rules: only what a rule asks for, and once."""

from datetime import UTC, datetime

from gencove_tui.engine.views import RuleView, Snapshot
from gencove_tui.model import Event, GncvPath, WatchRule
from gencove_tui.tui.rule_news import RuleNews

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def snapshot(*kinds, **terms):
    rule = WatchRule(id=1, name="lab", folder="/run", destination=GncvPath("gncv://a/"), **terms)
    events = [
        Event(id=number, time=NOW, kind=kind, message=f"{kind} {number}", rule_id=1)
        for number, kind in enumerate(kinds, 1)
    ]
    return Snapshot(rules=(RuleView(rule=rule),), events=tuple(reversed(events)))


def told(*kinds, **terms):
    said, rung = [], []
    news = RuleNews(lambda text, **more: said.append((text, more.get("severity"))), lambda: rung.append(1))
    news.read(snapshot("sample.held", **terms))  # before the screen opened
    for _ in range(2):
        news.read(snapshot("sample.held", *kinds, **terms))
    return said, len(rung)


def test_nothing_is_shown_or_rung_unless_the_rule_asks():
    assert told("sample.held", "sample.failed") == ([], 0)


def test_each_is_shown_once_by_its_severity():
    said, rung = told("sample.held", "sample.delivered", "watch.seen", toast=("warning", "success"))
    assert said == [("sample.held 2", "warning"), ("sample.delivered 3", "information")]
    assert rung == 0


def test_the_bell_rings_once_for_all_that_came_together():
    assert told("sample.failed", "sample.failed", bell=("error",)) == ([], 1)


def test_many_are_counted_and_failed_transfers_have_a_toast_already():
    said, _ = told(*["sample.failed"] * 5, "upload.failed", toast=("error",))
    assert len(said) == 4
    assert "2 more" in said[-1][0]
