"""``gencove-tui webhook``: hear of results when they are ready, instead of at the next poll."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gencove_tui.api.webhooks import SIGNATURE_HEADER, Event, WebhookProblem, parse, verify
from gencove_tui.config import Settings
from gencove_tui.errors import InputProblem
from gencove_tui.store.ledger import Ledger

SECRET_VARIABLE = "GENCOVE_WEBHOOK_SECRET"  # noqa: S105 - a name, not a secret
_LARGEST_BODY = 4 << 20
_REMEMBERED = 1000
"""Deliveries may come twice: a v2 event whose id is among so many newest events is not told again."""


def run_verify(secret: str, header: str, payload: str, tolerance: float | None) -> None:
    """Check one delivery; raises ``WebhookProblem`` when its signature is not right."""
    verify(secret, header, payload.encode("utf-8", "surrogateescape"), tolerance=tolerance)
    click.echo("The signature is valid.")


def read_secret(file: str | None) -> str:
    """The subscription's secret, from a file or ``$GENCOVE_WEBHOOK_SECRET``; empty when there is none."""
    if file is None:
        return os.environ.get(SECRET_VARIABLE, "")
    try:
        return Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputProblem(f"Can't read {file}", str(error), "Name a file that holds the secret.") from error


def note(ledger: Ledger, events: tuple[Event, ...]) -> int:
    """Write events into the ledger, where every screen and engine sees them; returns how many were new."""
    known = {event.data.get("event_id") for event in ledger.events.newest(_REMEMBERED)}
    fresh = [event for event in events if not event.id or event.id not in known]
    with ledger.write():
        for event in fresh:
            names = ", ".join(sample.client_id or sample.id for sample in event.samples[:3])
            more = f" and {len(event.samples) - 3} more" if len(event.samples) > 3 else ""
            ledger.events.add(
                f"webhook.{event.type}",
                f"Gencove tells: {event.type.replace('_', ' ')}{f' ({names}{more})' if names else ''}",
                {
                    "event_id": event.id,
                    "project_id": event.project_id,
                    "sample_ids": [sample.id for sample in event.samples],
                },
            )
    return len(fresh)


def listener(settings: Settings, secret: str, tell: Callable[[str], None]) -> Any:
    """The ASGI app that takes deliveries. Without a secret every delivery is believed."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    async def deliver(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _LARGEST_BODY:
                return PlainTextResponse("too large", 413)
        try:
            if secret:
                verify(secret, request.headers.get(SIGNATURE_HEADER, ""), body)
        except WebhookProblem as problem:
            tell(f"refused: {problem.why}")
            return PlainTextResponse("signature refused", 401)
        try:
            events = parse(body)
        except WebhookProblem as problem:
            tell(f"unreadable: {problem.why}")
            return PlainTextResponse("unreadable", 400)
        with Ledger(settings.state_folder) as ledger:
            new = note(ledger, events)
        for event in events:
            tell(f"{event.type}: {len(event.samples)} samples{'' if new else ' (known already)'}")
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/{path:path}", deliver, methods=["POST"])])


def run_listen(settings: Settings, *, bind: str, port: int, secret: str) -> int:
    """Take deliveries until stopped; returns the exit code. Raises ``InputProblem`` for a taken port."""
    import socket

    import uvicorn

    listening = socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((bind, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise InputProblem(
            f"Can't listen on {bind} port {port}", error.strerror or str(error), "Choose another port."
        ) from error
    where = listening.getsockname()
    click.echo(f"listening on http://{where[0]}:{where[1]}/ (Ctrl-C stops)")
    if not secret:
        click.secho(
            f"No secret: deliveries are believed unchecked. Set ${SECRET_VARIABLE} or --secret-file.",
            fg="yellow",
            err=True,
        )
    app = listener(settings, secret, lambda text: click.echo(text))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", server_header=False)
    uvicorn.Server(config).run(sockets=[listening])
    return 0
