"""``gencove-tui rules``: the watch rules of a profile, listed, shown and changed."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click
import msgspec

from gencove_tui.cli.watch import run_dry
from gencove_tui.config import Settings
from gencove_tui.config.watch_rules import rule_table
from gencove_tui.engine.watch.rulebook import adopt_hyphens, drop_rule, rule_named, sync_rules
from gencove_tui.engine.watch.words import state_in_words
from gencove_tui.model import WatchRule
from gencove_tui.store.ledger import Ledger


def _sync(settings: Settings, ledger: Ledger) -> None:
    """As far as ``config.toml`` can be used; that it can't was said when it was read."""
    if settings.rules_problem is None:
        sync_rules(settings, ledger)


def run_list(settings: Settings, *, as_json: bool) -> int:
    """Print the rules; returns the exit code."""
    with Ledger(settings.state_folder) as ledger:
        _sync(settings, ledger)
        rules = ledger.rules.all()
        for rule in rules:
            words = state_in_words(ledger, rule, datetime.now(UTC))
            if as_json:
                click.echo(_json({"name": rule.name, "state": words} | rule_table(rule)))
            else:
                click.echo(f"{rule.name}  {rule.folder} → {rule.destination}  {words}")
    if not rules and not as_json:
        click.echo("No folder is watched. Try: gencove-tui rules add NAME DIR gncv://DEST/", err=True)
    return 0


def run_show(settings: Settings, name: str, *, as_json: bool) -> int:
    """Print all that is known about a rule; returns the exit code."""
    with Ledger(settings.state_folder) as ledger:
        _sync(settings, ledger)
        rule = rule_named(ledger, name)
        shape = _shape(ledger, rule)
    if as_json:
        click.echo(_json(shape))
        return 0
    for key, value in shape.items():
        if isinstance(value, list):
            for item in value:
                click.echo(
                    f"{key:<24} {item if isinstance(item, str) else ': '.join(filter(None, item.values()))}"
                )
        else:
            click.echo(f"{key:<24} {value}")
    return 0


def _shape(ledger: Ledger, rule: WatchRule) -> dict[str, object]:
    status = ledger.rules.status(rule.id)
    return {
        "name": rule.name,
        "state": state_in_words(ledger, rule, datetime.now(UTC)),
        **rule_table(rule),
        **{f"files {state}": count for state, count in sorted(ledger.rules.counts(rule.id).items())},
        "notices": list(status.notices),
        "waits": [
            {
                "path": _plain(os.path.relpath(file.path, rule.folder)),
                "for": file.reason or "it must stand still",
                "remedy": file.remedy,
            }
            for file in ledger.rules.pending(rule.id)
        ],
    }


def run_remove(settings: Settings, name: str) -> int:
    """Take a rule out; returns the exit code."""
    with Ledger(settings.state_folder) as ledger:
        _sync(settings, ledger)
        drop_rule(settings, ledger, name)
    click.echo(
        f"{name} no longer watches; what it has queued goes on, and its samples are assigned and delivered"
    )
    return 0


def run_switch(settings: Settings, name: str, *, active: bool) -> int:
    """Pause or resume a rule; returns the exit code."""
    with Ledger(settings.state_folder) as ledger:
        _sync(settings, ledger)
        ledger.rules.set_active(rule_named(ledger, name).id, active)
    click.echo(f"{name} {'goes on' if active else 'is paused'}")
    return 0


def run_check(settings: Settings, name: str, *, as_json: bool) -> int:
    """Print what a rule would take; returns the exit code."""
    with Ledger(settings.state_folder) as ledger:
        _sync(settings, ledger)
        rule = rule_named(ledger, name)
    return run_dry(settings, rule, name=name, as_json=as_json)


def run_hyphens(settings: Settings, name: str) -> int:
    """Adopt the mapping that the collision guard proposes; returns the exit code."""
    with Ledger(settings.state_folder) as ledger:
        _sync(settings, ledger)
        adopt_hyphens(settings, ledger, rule_named(ledger, name))
    click.echo(f"{name} writes - for _ in sample ids from now on")
    return 0


def _json(shape: object) -> str:
    return msgspec.json.encode(shape).decode()


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
