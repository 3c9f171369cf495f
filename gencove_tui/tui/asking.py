"""How a pane asks for something to be done on the remote side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.message import Message


@dataclass
class Asked(Message):
    """The user wants a deed done; ``deed`` is one of ``remote_deeds.DEEDS``."""

    deed: str
    items: tuple[Any, ...] = ()
    """What it is about, as the deed expects it."""
