"""``gencove-tui watch``: a rule from the command line, with a screen or without."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from msgspec import Struct

from gencove_tui.cli.engine import log_to_file
from gencove_tui.cli.follow import SOME_FAILED, check_line, follow
from gencove_tui.config import Settings
from gencove_tui.engine.watch import check_folder
from gencove_tui.errors import InputProblem, Problem
from gencove_tui.model import GncvPath, WatchRule
from gencove_tui.store.ledger import Ledger


class WatchOrder(Struct, frozen=True, kw_only=True):
    """What the user typed after ``watch``."""

    folder: str
    destination: str | None
    settle: float | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]


class Checked(Struct, frozen=True, kw_only=True):
    """An order that can be carried out."""

    folder: Path
    destination: GncvPath
    settle: float
    include: tuple[str, ...]
    exclude: tuple[str, ...]


def check_order(settings: Settings, order: WatchOrder) -> Checked:
    """Raises ``InputProblem`` when something is wrong with the order."""
    folder = check_folder(Path(order.folder))
    destination = GncvPath.parse(order.destination or f"gncv://{folder.name}/").as_folder()
    settle = order.settle if order.settle is not None else settings.options.settle_seconds
    if not 0 <= settle <= 86400:
        raise InputProblem(f"--settle {settle} is out of range", "it must lie between 0 and 86400 s")
    return Checked(
        folder=folder, destination=destination, settle=settle, include=order.include, exclude=order.exclude
    )


def put_rule(settings: Settings, checked: Checked) -> WatchRule:
    """Write the rule into the ledger, where the engine finds it."""
    with Ledger(settings.state_folder) as ledger:
        rule_id = ledger.rules.put(
            str(checked.folder),
            checked.destination,
            settle=checked.settle,
            include=checked.include,
            exclude=checked.exclude,
        )
        rule = ledger.rules.get(rule_id)
    assert rule is not None  # noqa: S101 - it was put a line above; tells the type checker
    return rule


def run_watch(settings: Settings, order: WatchOrder, *, headless: bool, as_json: bool, once: bool) -> int:
    """Put the rule to work; returns the exit code."""
    checked = check_order(settings, order)
    if not headless:
        from gencove_tui.cli.screen import run_screen

        rule = put_rule(settings, checked)
        return run_screen(settings, hint=f"Watching {rule.folder} → {rule.destination}")
    log_to_file(settings)
    return asyncio.run(_headless(settings, checked, as_json=as_json, once=once))


async def _headless(settings: Settings, checked: Checked, *, as_json: bool, once: bool) -> int:
    await check_line(settings)
    rule = put_rule(settings, checked)
    if not as_json:
        click.echo(f"watching {rule.folder} → {rule.destination} (Ctrl-C stops)", err=True)
    with Ledger(settings.state_folder) as ledger:
        since = ledger.events.last_id()
    try:
        return await follow(
            settings,
            lambda ledger: _verdict(ledger, rule, as_json) if once and _all_done(ledger, rule) else None,
            lambda event: event.rule_id in (rule.id, None),
            as_json=as_json,
            since=since,
        )
    finally:
        with Ledger(settings.state_folder) as ledger:
            ledger.rules.set_active(rule.id, False)  # it ends with this command; no later engine watches on


def _all_done(ledger: Ledger, rule: WatchRule) -> bool:
    return (
        ledger.rules.scanned(rule.id)
        and not ledger.rules.counts(rule.id).get("settling", 0)
        and not ledger.transfers.unfinished_for_rule(rule.id)
    )


def _verdict(ledger: Ledger, rule: WatchRule, as_json: bool) -> int:
    counts = ledger.rules.counts(rule.id)
    failed = counts.get("failed", 0)
    if not as_json:
        click.echo(f"{counts.get('uploaded', 0)} in the upload area, {failed} failed", err=True)
    problem = (ledger.rules.get(rule.id) or rule).problem
    if problem:
        raise Problem(f"Can't look into {rule.folder}", problem, "Check the folder, then start again.")
    return SOME_FAILED if failed else 0
