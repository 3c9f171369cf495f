"""``gencove-tui transfers``: the queue without a screen. Only wishes are written; the engine follows them."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from gencove_tui.config import Settings
from gencove_tui.config.bandwidth import parse_limit
from gencove_tui.errors import InputProblem
from gencove_tui.model import Transfer, TransferState, Wish
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.transfers import Place

_WISHES = {"pause": Wish.PAUSE, "resume": Wish.RUN, "retry": Wish.RUN, "cancel": Wish.CANCEL}
_RETRIED = (TransferState.FAILED, TransferState.WAITING)


def run_list(settings: Settings, *, limit: int, as_json: bool) -> int:
    """Print the transfers; returns the exit code."""
    with Ledger(settings.state_folder) as ledger:
        shown = ledger.transfers.listing(limit)
        total = ledger.transfers.count()
    for transfer in shown:
        click.echo(_as_json(transfer) if as_json else _as_line(transfer))
    if not as_json:
        click.echo(f"{len(shown)} of {total} transfers", err=True)
    return 0


def run_wish(settings: Settings, word: str, ids: Sequence[int] | None) -> int:
    """Pause, resume, retry or cancel; None means all. Raises ``InputProblem`` for ids that don't exist."""
    with Ledger(settings.state_folder) as ledger:
        if ids is not None:
            ids = _known(ledger, ids)
        elif word == "retry":
            ids = [t.id for t in ledger.transfers.listing(ledger.transfers.count()) if t.state in _RETRIED]
        if ids is None:
            count = ledger.transfers.wish_all(_WISHES[word])
        else:
            ledger.transfers.wish(ids, _WISHES[word])
            count = len(ids)
    click.echo(f"{word}: {count} transfers", err=True)
    return 0


def run_place(settings: Settings, place: str, ids: Sequence[int]) -> int:
    """Move transfers within the queue. Raises ``InputProblem`` for ids that don't exist."""
    with Ledger(settings.state_folder) as ledger:
        ledger.transfers.move(_known(ledger, ids), Place(place))
    return 0


def run_priority(settings: Settings, number: int, ids: Sequence[int]) -> int:
    """Set a priority. Raises ``InputProblem`` for ids that don't exist."""
    with Ledger(settings.state_folder) as ledger:
        ledger.transfers.set_priority(_known(ledger, ids), number)
    return 0


def run_limit(settings: Settings, text: str | None) -> int:
    """Show or set the bandwidth limit. Raises ``InputProblem`` for a text that is no limit."""
    with Ledger(settings.state_folder) as ledger:
        if text == "profile":
            ledger.controls.set_bandwidth(None)
        elif text is not None:
            try:
                ledger.controls.set_bandwidth(parse_limit(text))
            except ValueError as error:
                raise InputProblem("That is no limit", str(error), "") from error
        chosen = ledger.controls.read().bandwidth
    profile = settings.options.bandwidth
    configured = profile if isinstance(profile, str) else ", ".join(profile)
    if chosen is None:
        click.echo(f"as the profile says: {configured or 'no limit'}")
    else:
        click.echo(f"{chosen / (1 << 20):g} MiB per second" if chosen else "no limit")
    return 0


def _known(ledger: Ledger, ids: Sequence[int]) -> list[int]:
    if missing := [str(i) for i in ids if ledger.transfers.get(i) is None]:
        raise InputProblem(
            f"There is no transfer {', '.join(missing)}", "", "See `gencove-tui transfers list`."
        )
    return list(ids)


def _as_line(transfer: Transfer) -> str:
    share = f"{100 * transfer.bytes_done // transfer.size:3d} %" if transfer.size else "     "
    name = transfer.local_path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    line = f"{transfer.id:6d}  {transfer.state:<9}  {share}  {transfer.direction:<8}  {name}"
    told = [transfer.problem] if transfer.problem else []
    if transfer.state is TransferState.WAITING and transfer.retry_at is not None:
        told.append(f"tried again at {transfer.retry_at.astimezone():%H:%M:%S}")
    return f"{line}  ({'; '.join(told)})" if told else line


def _as_json(transfer: Transfer) -> str:
    shape = {
        "id": transfer.id,
        "direction": transfer.direction,
        "state": transfer.state,
        "local": transfer.local_path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        "remote": transfer.remote,
        "bytes": transfer.size,
        "bytes_done": transfer.bytes_done,
        "priority": transfer.priority,
        "problem": transfer.problem,
        "remedy": transfer.remedy,
        "retry_at": transfer.retry_at,
        "verified": transfer.verified,
    }
    return msgspec.json.encode(shape).decode()
