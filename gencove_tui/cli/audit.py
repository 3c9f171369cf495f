"""``gencove-tui audit`` and ``gencove-tui loop``: what was done, and where the samples of the rules stand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click
import msgspec

from gencove_tui.config import Settings
from gencove_tui.engine.locks import engine_lives
from gencove_tui.engine.loop.collect import release
from gencove_tui.engine.loop.export import as_csv, as_json, moment_from
from gencove_tui.engine.loop.words import STATE_WORDS, status_document
from gencove_tui.errors import InputProblem
from gencove_tui.model import LoopSample, WatchRule
from gencove_tui.store.ledger import Ledger


def run_export(
    settings: Settings,
    *,
    form: str,
    since: str | None,
    until: str | None,
    rule: str | None,
    act: str,
    output: str | None,
) -> int:
    """Write the audit log to a file or to stdout; returns the exit code.

    Raises ``InputProblem`` for a time or rule that isn't one, or a file that can't be written.
    """
    with Ledger(settings.state_folder) as ledger:
        entries = ledger.audit.entries(
            since=_moment(since), until=_moment(until), rule_id=_rule_id(ledger, rule), act=act
        )
        lines = as_json(entries) if form == "json" else as_csv(entries)
        if output is None or output == "-":
            _write(lines, sys.stdout)
            return 0
        _write_file(lines, Path(output).expanduser())
    return 0


def _write(lines: Iterable[str], stream: TextIO) -> None:
    if stream is sys.stdout:
        for line in lines:
            click.echo(line, nl=False)
        return
    stream.writelines(lines)


def _write_file(lines: Iterable[str], path: Path) -> None:
    """As a whole or not at all: an export that is cut short leaves what was there before."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            _write(lines, file)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputProblem(
            f"Can't write {path}", error.strerror or str(error), "Choose another file with -o."
        ) from error


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moment_from(text)


def _rule_id(ledger: Ledger, text: str | None) -> int | None:
    return None if text is None else find_rule(ledger, text).id


def find_rule(ledger: Ledger, text: str) -> WatchRule:
    """The rule with that number, name, folder or destination. Raises ``InputProblem`` when there is none."""
    rules = ledger.rules.all()
    folder = str(Path(text).expanduser().absolute())
    for rule in rules:
        if text in (str(rule.id), rule.name, rule.folder, rule.destination) or folder == rule.folder:
            return rule
    known = ", ".join(f"{rule.id} ({rule.folder})" for rule in rules[:5])
    raise InputProblem(
        f"There is no rule {text!r}", f"known are {known}" if known else "no rule was made yet", ""
    )


def run_status(settings: Settings, rule: str | None, *, as_json_lines: bool) -> int:
    """Say where the rules and their samples stand; returns the exit code: 3 when something needs a person."""
    worst = 0
    lives = engine_lives(settings.state_folder)
    with Ledger(settings.state_folder) as ledger:
        rules = ledger.rules.all() if rule is None else [find_rule(ledger, rule)]
        for one in rules:
            document = status_document(ledger, one)
            if one.active and not lives:
                document["state"] = "stopped"
            if document["state"] in ("problem", "attention", "stopped"):
                worst = 3
            if as_json_lines:
                click.echo(msgspec.json.encode(document).decode())
                continue
            name = f" {one.name}" if one.name else ""
            click.echo(f"{one.id}{name}  {_readable(one.folder)} → {one.destination}  [{document['state']}]")
            click.echo(f"   {document['text']}")
            if document["remedy"]:
                click.echo(f"   {document['remedy']}")
            for line in _needing_you(document):
                click.echo(f"   {line}")
    return worst


def _needing_you(document: dict[str, Any]) -> Iterable[str]:
    """What a person has to look at, with what to do about it."""
    for file in document["files_failed"]:
        yield f"failed: {file['file']}: {'. '.join(filter(None, (file['reason'], file['remedy'])))}"
    for file in document["files_pending"]:
        if file["state"] == "held":
            yield f"held: {file['file']}: {'. '.join(filter(None, (file['reason'], file['remedy'])))}"
    for sample in document["waits_for"]:
        if sample["remedy"]:
            yield f"{sample['state']}: {sample['client_id']}: {sample['reason']}. {sample['remedy']}"


def run_samples(settings: Settings, rule: str | None, *, limit: int) -> int:
    """List samples, the last changed first; returns the exit code."""
    with Ledger(settings.state_folder) as ledger:
        for sample in ledger.loop.newest(limit, _rule_id(ledger, rule)):
            click.echo(sample_line(sample))
    return 0


def sample_line(sample: LoopSample) -> str:
    """One sample in one line for people."""
    changed = f"{sample.changed.astimezone():%Y-%m-%d %H:%M:%S}" if sample.changed else ""
    words = STATE_WORDS[sample.state]
    why = f": {sample.reason}" if sample.reason else ""
    return f"{sample.id:>6}  {changed}  {sample.client_id:<20} {sample.sample_id:<36}  {words}{why}"


def run_release(settings: Settings, numbers: Iterable[int]) -> int:
    """Let samples go on that wait for a person; returns the exit code: 3 when some did not wait."""
    code = 0
    with Ledger(settings.state_folder) as ledger:
        for number in numbers:
            if release(ledger, number):
                click.echo(f"{number} goes on")
            else:
                click.echo(f"{number} does not wait for anybody", err=True)
                code = 3
    return code


def _readable(text: str) -> str:
    return os.fsencode(text).decode("utf-8", "replace")
