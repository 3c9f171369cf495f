"""Connecting with the settings of a profile, for screens and engines alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module

from gencove_tui.api.connect import connect
from gencove_tui.api.protocol import Gencove
from gencove_tui.config import Settings, remember

_HEAVY = "gencove_tui.api.transport"
"""It takes a tenth of a second to load, during which a screen shall draw."""


def linker(settings: Settings) -> Callable[[], Awaitable[Gencove]]:
    """A function that makes the API connection of these settings.

    What had to be found out (host, dialect) is remembered in the profile, so that it is asked only once.
    """

    async def link() -> Gencove:
        await asyncio.to_thread(import_module, _HEAVY)
        api = await connect(
            settings.host or None,
            settings.api_key,
            dialect=settings.dialect,
            s3_endpoint=settings.s3_endpoint or None,
        )
        own_host = not settings.host or settings.host == settings.options.host.rstrip("/")
        if own_host and (settings.options.host.rstrip("/"), settings.options.dialect) != (
            api.host,
            api.dialect,
        ):
            remember(settings.where.config_file, settings.profile, host=api.host, dialect=str(api.dialect))
        return api

    return link
