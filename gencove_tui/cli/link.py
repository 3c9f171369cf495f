"""Connecting with the settings of a profile, for screens and engines alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gencove_tui.api.connect import connect
from gencove_tui.api.protocol import Gencove
from gencove_tui.config import Settings


def linker(settings: Settings) -> Callable[[], Awaitable[Gencove]]:
    """A function that makes the API connection of these settings."""

    async def link() -> Gencove:
        return await connect(
            settings.host or None,
            settings.api_key,
            dialect=settings.dialect,
            s3_endpoint=settings.s3_endpoint or None,
        )

    return link
