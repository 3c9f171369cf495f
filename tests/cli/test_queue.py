"""``gencove-tui transfers``: the queue seen and steered without a screen."""

import json

import pytest
from click.testing import CliRunner

from gencove_tui.cli import cli
from gencove_tui.config import resolve
from gencove_tui.model import TransferState, Wish
from gencove_tui.store.ledger import Ledger

MIB = 1 << 20


@pytest.fixture
def ledger():
    with Ledger(resolve().state_folder) as opened:
        yield opened


def run(*arguments):
    result = CliRunner().invoke(cli, ["transfers", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def queued(ledger, *names):
    return [ledger.transfers.add_upload(f"/{name}", f"gncv://{name}", 10) for name in names]


def test_the_list_is_for_people_and_for_machines(ledger):
    (only,) = queued(ledger, "a")
    ledger.transfers.set_state(only, TransferState.FAILED, problem="it is broken", remedy="Mend it.")
    shown = run("list").stdout
    assert "failed" in shown
    assert "it is broken" in shown
    (line,) = run("list", "--json").stdout.splitlines()
    assert json.loads(line) | {"id": only, "state": "failed", "remedy": "Mend it."} == json.loads(line)


def test_wishes_are_written_for_some_or_for_all(ledger):
    a, b = queued(ledger, "a", "b")
    assert run("pause", a).exit_code == 0
    assert [ledger.transfers.get(i).wish for i in (a, b)] == [Wish.PAUSE, Wish.RUN]
    run("pause", "--all")
    assert ledger.transfers.get(b).wish is Wish.PAUSE
    run("resume", "--all")
    assert ledger.transfers.get(a).wish is Wish.RUN
    ledger.transfers.set_state(b, TransferState.FAILED)
    run("retry", "--all")
    assert ledger.transfers.get(b).state is TransferState.QUEUED
    run("cancel", b)
    assert ledger.transfers.get(b).wish is Wish.CANCEL


@pytest.mark.parametrize("arguments", [("pause",), ("pause", 1, "--all"), ("pause", 99), ("move", "top", 99)])
def test_what_is_meant_must_be_clear(ledger, arguments):
    queued(ledger, "a")
    result = run(*arguments)
    assert result.exit_code == 2
    assert "transfers list" in result.stderr


def test_order_and_priority_can_be_set(ledger):
    a, b, c = queued(ledger, "a", "b", "c")
    run("move", "top", c)
    run("priority", 5, b)
    assert [t.id for t in ledger.transfers.listing(9)] == [b, c, a]


def test_the_limit_is_shown_set_and_lifted(ledger):
    assert "no limit" in run("limit").stdout
    assert "20 MiB" in run("limit", "20M").stdout
    assert ledger.controls.read().bandwidth == 20 * MIB
    assert "no limit" in run("limit", "off").stdout
    assert "profile" in run("limit", "profile").stdout
    assert run("limit", "quick").exit_code == 2
    assert ledger.controls.read().bandwidth is None
