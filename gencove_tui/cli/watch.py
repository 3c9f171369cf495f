"""``gencove-tui watch``: a rule from the command line, with a screen or without; and its dry run."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from gencove_tui.cli.follow import SOME_FAILED, check_line, follow
from gencove_tui.cli.logfile import log_to_file
from gencove_tui.cli.running import run_async
from gencove_tui.config import Settings, check_rule_name, check_terms
from gencove_tui.config.watch_rules import rule_table
from gencove_tui.engine.locks import engine_lives
from gencove_tui.engine.loop.words import STATE_WORDS, loop_view
from gencove_tui.engine.watch import check_folder, dry_run, recall
from gencove_tui.engine.watch.folder_lock import TAKEN, FolderLock
from gencove_tui.engine.watch.rulebook import add_rule
from gencove_tui.errors import InputProblem, Problem
from gencove_tui.model import NETWORK_SETTLE, GncvPath, LoopState, RuleTerms, WatchRule
from gencove_tui.store.ledger import Ledger

_LEFT = (LoopState.HELD, LoopState.COLLECTING, LoopState.ARCHIVED)
"""Samples in these states need something that this command doesn't wait for."""
_NAMED = 20
"""Files, and samples, that are named at the end."""


class WatchOrder(Struct, frozen=True, kw_only=True):
    """What the user typed about a rule."""

    folder: str
    destination: str | None = None
    name: str = ""
    settle: float | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    project: str = ""
    metadata: str = ""
    check: str = "full"
    marker: str = "auto"
    hyphens: bool = False
    merge_lanes: bool = False
    single_end: bool = False
    deliver: tuple[str, ...] = ()
    deliver_to: str = ""


def terms_for(settings: Settings, order: WatchOrder, *, new: bool = False) -> RuleTerms:
    """The terms of the rule that was typed. Raises ``InputProblem`` when something is wrong with them.

    ``new``: it goes into ``config.toml``, perhaps in place of one that is there.
    """
    folder = check_folder(Path(order.folder))
    if order.name:
        check_rule_name(order.name)
        if not new and order.name in settings.options.watch:
            raise InputProblem(
                f"--name {order.name} is taken",
                f"a rule of {settings.where.config_file} is called so",
                "Choose another name, or let that rule do it: gencove-tui engine",
            )
    try:
        metadata = msgspec.json.decode(order.metadata) if order.metadata else None
    except msgspec.DecodeError as error:
        raise InputProblem("--metadata can't be used", f"it is not JSON ({error})") from error
    settle = order.settle if order.settle is not None else settings.options.settle_seconds
    terms = RuleTerms(
        folder=str(folder),
        destination=GncvPath.parse(order.destination or f"gncv://{folder.name}/").as_folder(),
        files=(*order.include, *(f"!{pattern}" for pattern in order.exclude)),
        settle=settle,
        network_settle=settle if order.settle is not None else max(settle, NETWORK_SETTLE),
        project=order.project,
        metadata=metadata,
        check=order.check,
        marker=order.marker,
        hyphens=order.hyphens,
        merge_lanes=order.merge_lanes,
        single_end=order.single_end,
        deliver=order.deliver,
        deliver_to=str(Path(order.deliver_to).expanduser().absolute()) if order.deliver_to else "",
    )
    return check_terms(terms)


def put_rule(settings: Settings, terms: RuleTerms, name: str = "") -> WatchRule:
    """Write the rule into the ledger, where the engine finds it."""
    with Ledger(settings.state_folder) as ledger:
        rule = ledger.rules.get(ledger.rules.put_terms(terms, name))
    assert rule is not None  # noqa: S101 - it was put a line above; tells the type checker
    return rule


def run_add(settings: Settings, order: WatchOrder) -> int:
    """Write the rule into ``config.toml``; returns the exit code."""
    terms = terms_for(settings, order, new=True)
    before = settings.options.watch.get(order.name)
    with Ledger(settings.state_folder) as ledger:
        rule = add_rule(settings, ledger, order.name, terms)
    click.echo(f"{rule.name}: {rule.folder} → {rule.destination}, in {settings.where.config_file}")
    for key in _dropped(before, terms):
        click.echo(f"  {key} is at its default now", err=True)
    return 0


def _dropped(before: RuleTerms | None, after: RuleTerms) -> list[str]:
    """Keys that the rule had and was not given again."""
    return [] if before is None else sorted(rule_table(before).keys() - rule_table(after).keys())


def run_dry(settings: Settings, terms: RuleTerms, *, name: str = "", as_json: bool) -> int:
    """Print what a rule would take, and why not the rest; returns the exit code.

    What the rule of that name, or of that folder and destination, knows of the files counts.
    """
    with Ledger(settings.state_folder) as ledger:
        memory = recall(ledger, terms, name)
    result = dry_run(terms, name or "rule", memory)
    if as_json:
        for file in result.files:
            shape = {"path": _plain(file.path), "size": file.size, "remote": file.remote and str(file.remote)}
            more = {
                "joined": file.joined,
                "state": file.deed,
                "reason": _plain(file.reason),
                "remedy": _plain(file.remedy),
            }
            click.echo(msgspec.json.encode(shape | more))
        return 0
    for file in result.files:
        path = _plain(file.path)
        if file.remote is not None:
            joined = f" (with {file.joined - 1} more)" if file.joined > 1 else ""
            click.echo(f"take   {path} → {file.remote}{joined}")
        else:
            words = f"{file.reason}. {file.remedy}" if file.remedy else file.reason
            click.echo(_plain(f"{file.deed:<6} {path}: {words}"))
    for notice in result.notices:
        click.echo(f"note   {_plain(notice)}")
    count = f"{len(result.taken)} of {len(result.files)} files would be taken"
    click.echo(", ".join(filter(None, (count, result.condition))), err=True)
    if result.before:
        click.echo(f"seen to before: {result.before}", err=True)
    return 0


def run_watch(settings: Settings, order: WatchOrder, *, headless: bool, as_json: bool, once: bool) -> int:
    """Put the rule to work; returns the exit code."""
    terms = terms_for(settings, order)
    if not headless:
        from gencove_tui.cli.screen import run_screen

        rule = put_rule(settings, terms, order.name)
        return run_screen(settings, hint=f"Watching {rule.folder} → {rule.destination}")
    log_to_file(settings)
    return run_async(_headless(settings, terms, order.name, as_json=as_json, once=once))


async def _headless(settings: Settings, terms: RuleTerms, name: str, *, as_json: bool, once: bool) -> int:
    _check_free(settings, terms.folder)
    await check_line(settings)
    rule = put_rule(settings, terms, name)
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
            ledger.rules.retire(rule.id)  # it ends with this command; no later engine watches on


def _check_free(settings: Settings, folder: str) -> None:
    """Raises ``Problem`` when an engine of another profile or user watches the folder."""
    if engine_lives(settings.state_folder):
        return  # it does the watching, and may well share the folder between its rules
    lock = FolderLock(folder, settings.where.state / "watched")
    try:
        if not lock.take():
            raise Problem(
                f"Can't watch {folder}",
                TAKEN,
                "Stop that one first, or let it do the work: its files go up once.",
            )
    finally:
        lock.release()


def _all_done(ledger: Ledger, rule: WatchRule) -> bool:
    return (
        ledger.rules.scanned(rule.id)
        and not ledger.rules.counts(rule.id).get("settling", 0)
        # Those that wait for the rest of their files, perhaps for a day, are left.
        and ledger.transfers.unfinished_for_rule(rule.id) == len(ledger.short.of_rule(rule.id))
        and not ledger.loop.unfinished(rule.id)
    ) or bool((ledger.rules.get(rule.id) or rule).problem)


def _verdict(ledger: Ledger, rule: WatchRule, as_json: bool) -> int:
    """Say how it ended; the exit code. Files and samples that failed or were left both count."""
    counts, view = ledger.rules.counts(rule.id), loop_view(ledger, rule.id)
    failed = counts.get("failed", 0) + view.counts.get(LoopState.FAILED, 0)
    left = counts.get("held", 0) + counts.get("waiting", 0) + sum(view.counts.get(s, 0) for s in _LEFT)
    if not as_json:
        files = f"{counts.get('uploaded', 0)} in the upload area, {counts.get('failed', 0)} failed"
        click.echo(f"files: {files}", err=True)
        if view.samples and rule.project:
            click.echo(f"samples: {view.text}", err=True)
        for file in ledger.rules.pending(rule.id, _NAMED):
            path = os.path.relpath(file.path, rule.folder)
            _echo_left("left", path, file.reason, file.remedy)
        for sample in ledger.loop.samples(rule.id, (LoopState.FAILED, *_LEFT), _NAMED):
            word = "failed" if sample.state is LoopState.FAILED else "left"
            reason = sample.reason or STATE_WORDS[sample.state]
            _echo_left(word, sample.client_id, reason, sample.remedy)
    problem = (ledger.rules.get(rule.id) or rule).problem
    if problem:
        raise Problem(f"Can't look into {rule.folder}", problem, "Check the folder, then start again.")
    return SOME_FAILED if failed or left else 0


def _echo_left(word: str, what: str, reason: str, remedy: str) -> None:
    click.echo(_plain(f"  {word}: {what}: {reason}{f'. {remedy}' if remedy else ''}"), err=True)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
