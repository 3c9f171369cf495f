"""What the engine wants everybody to know at the moment, such as a full disk or a line that is down."""

from __future__ import annotations

from gencove_tui.store.ledger import Ledger


class Notices:
    """The standing notices by topic; the ledger shows them joined."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._texts: dict[str, str] = {}

    def set(self, topic: str, text: str) -> None:
        """Show ``text`` for a topic until it is changed; an empty text takes it away."""
        if self._texts.get(topic, "") == text:
            return
        texts = self._texts | {topic: text}
        self._ledger.engine.set_notice(" · ".join(text for text in texts.values() if text))
        self._texts = texts  # only now: what could not be written is not yet told
