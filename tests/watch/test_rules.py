"""Rules in config.toml: read, complained about, changed with the comments kept, followed by the ledger."""

import pytest
from msgspec import structs

from gencove_tui.config import load_config, put_rule, remove_rule, resolve
from gencove_tui.engine.watch.rulebook import add_rule, adopt_hyphens, drop_rule, sync_rules
from gencove_tui.errors import InputProblem
from gencove_tui.model import GncvPath, LoneMate, RuleStatus, WatchedFile
from gencove_tui.store.rules import terms_of
from tests.watch.conftest import SEEN_AT, terms

RULE = """
[profiles.default.watch.novaseq]  # the big one
folder = "/data/novaseq"
destination = "gncv://{run}/"
files = ["**", "!Undetermined*"]  # order matters
project = "p1"
metadata = { batch = [1, 2] }
settle_seconds = 90
deliver = ["impute-vcf"]
"""


@pytest.fixture
def config(settings):
    path = settings.where.config_file
    path.write_text(path.read_text() + RULE)
    return path


def again(environment):
    return resolve(environment=environment)


def test_a_rule_is_read_with_all_its_terms(config, environment):
    rule = again(environment).options.watch["novaseq"]
    assert (rule.folder, rule.destination, rule.settle) == ("/data/novaseq", "gncv://{run}/", 90)
    assert rule.files == ("**", "!Undetermined*")
    assert rule.metadata == {"batch": [1, 2]}
    assert rule.deliver == ("impute-vcf",)
    assert rule.network_settle == 300


def test_a_rule_without_a_time_takes_the_profiles(config, environment):
    config.write_text(config.read_text().replace("settle_seconds = 90\n", ""))
    assert again(environment).options.watch["novaseq"].settle == 0.2


def test_a_broken_rule_stops_nothing_but_itself(config, environment):
    config.write_text(config.read_text().replace("project =", "projekt ="))
    found = again(environment)
    assert "did you mean 'project'" in found.rules_problem.why
    assert found.options.watch == {}
    assert found.host


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("project =", "projekt =", "did you mean 'project'"),
        ("settle_seconds = 90", "settle_seconds = -1", "settle_seconds: must lie between 0 and 86400"),
        ("settle_seconds = 90", 'settle_seconds = "x"', "settle_seconds: Expected `float`"),
        ("gncv://{run}/", "gncv://{nun}/", "there is no {nun}"),
        ("gncv://{run}/", "s3://x/", "it must start with gncv://"),
        ('folder = "/data/novaseq"', 'folder = "data"', "not an absolute path"),
        ('project = "p1"', 'check = "some"', "check: 'some' is none of"),
        ("{ batch = [1, 2] }", "{ day = 2026-01-01 }", "metadata: "),
        ('folder = "/data/novaseq"\n', "", "missing required field `folder`"),
        ('project = "p1"', 'bell = ["ding"]', "bell: 'ding' is none of error, warning, success"),
        ('files = ["**", "!Undetermined*"]', 'files = ["!"]', "files: the pattern '!' is empty"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(config, environment, old, new, expected):
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    with pytest.raises(InputProblem) as caught:
        load_config(config)
    assert str(config) in caught.value.what
    assert "line " in caught.value.why
    assert expected in caught.value.why


def test_changing_a_rule_keeps_comments_and_the_rest(config, environment):
    rule = again(environment).options.watch["novaseq"]
    put_rule(config, "default", "novaseq", structs.replace(rule, hyphens=True, project="p2"))
    text = config.read_text()
    assert "# the big one" in text
    assert "# order matters" in text
    assert again(environment).options.watch["novaseq"] == structs.replace(rule, hyphens=True, project="p2")
    put_rule(config, "default", "other", terms())
    assert set(again(environment).options.watch) == {"novaseq", "other"}
    remove_rule(config, "default", "novaseq")
    assert set(again(environment).options.watch) == {"other"}
    with pytest.raises(InputProblem, match="no watch rule"):
        remove_rule(config, "default", "novaseq")


def test_a_rule_that_can_not_be_used_is_not_written(config):
    before = config.read_text()
    with pytest.raises(InputProblem, match="destination"):
        put_rule(config, "default", "bad", terms(destination=GncvPath("gncv://{what}/")))
    assert config.read_text() == before


def test_the_ledger_follows_the_file_and_remembers_files(config, settings, ledger):
    assert sync_rules(settings, ledger)
    assert not sync_rules(settings, ledger)
    rule = ledger.rules.named("novaseq")
    assert rule.from_file
    ledger.rules.put_file(
        WatchedFile(rule_id=rule.id, path="/x", size=1, mtime_ns=1, inode=1, state="ignored")
    )
    remove_rule(config, "default", "novaseq")
    sync_rules(settings, ledger)
    assert ledger.rules.all() == []
    config.write_text(config.read_text() + RULE)
    sync_rules(settings, ledger)
    assert ledger.rules.named("novaseq").id == rule.id
    assert list(ledger.rules.files(rule.id)) == ["/x"]


def test_a_pause_outlives_a_change_of_the_file(config, settings, ledger):
    sync_rules(settings, ledger)
    rule = ledger.rules.named("novaseq")
    ledger.rules.set_active(rule.id, False)
    config.write_text(config.read_text().replace("= 90", "= 80"))
    sync_rules(settings, ledger)
    assert ledger.rules.named("novaseq").settle == 80
    assert not ledger.rules.named("novaseq").active


def test_rules_are_added_changed_and_dropped_in_both_places(settings, ledger, environment):
    rule = add_rule(settings, ledger, "lab", terms(metadata={"a": 1}))
    assert terms_of(rule) == terms(metadata={"a": 1})
    assert adopt_hyphens(settings, ledger, rule).hyphens
    assert again(environment).options.watch["lab"].hyphens
    drop_rule(settings, ledger, "lab")
    assert ledger.rules.all() == []
    assert again(environment).options.watch == {}


def test_a_commands_rule_is_named_like_its_folder_and_leaves_with_it(ledger):
    first = ledger.rules.put("/data/my run", GncvPath("gncv://a/"), settle=1)
    assert ledger.rules.get(first).name == "my-run"
    assert ledger.rules.put("/data/my run", GncvPath("gncv://a/"), settle=2) == first
    second = ledger.rules.put("/other/my run", GncvPath("gncv://a/"), settle=1)
    assert ledger.rules.get(second).name == "my-run-2"
    ledger.rules.retire(first)
    assert [rule.id for rule in ledger.rules.all()] == [second]


def test_a_status_comes_back_as_it_was(ledger):
    rule = ledger.rules.put("/data", GncvPath("gncv://a/"), settle=1)
    status = RuleStatus(looked=SEEN_AT, files=3, lone=(LoneMate(sample="S", missing="R2", since=SEEN_AT),))
    ledger.rules.set_status(rule, status)
    assert ledger.rules.status(rule) == status
