"""What stands above everything: a line that is down, an engine with something to say or of another age."""

from __future__ import annotations

from gencove_tui import __version__
from gencove_tui.engine.views import Connection, EngineState, Online, Snapshot
from gencove_tui.tui.format import clean, sentences
from gencove_tui.tui.views import Look

_OFFLINE = "Offline"
"""How the engine begins what it says about a host that it can't reach."""


def is_down(line: Connection) -> bool:
    """Whether nothing can be asked of Gencove."""
    return line.state in (Online.OFFLINE, Online.MAINTENANCE, Online.REJECTED)


def alert_text(line: Connection, snapshot: Snapshot | None, look: Look) -> str:
    """What is wrong, one thing a line; empty while nothing is."""
    said = []
    notice = "" if snapshot is None else clean(snapshot.engine.notice)
    alive = snapshot is not None and snapshot.engine.alive
    # The engine says it too, and what comes of it.
    both = alive and line.state is Online.OFFLINE and notice.startswith(_OFFLINE)
    if is_down(line) and not both:
        remedy = clean(line.remedy)
        if line.state is Online.REJECTED:
            remedy = f"{look.keys.key('profiles')} gives the profile a new key."
        said.append(sentences((line.state.value.capitalize(), clean(line.problem), remedy)))
    if snapshot is not None:
        engine = snapshot.engine
        if notice:
            said.append(f"{look.glyphs.warn} {notice}")
        if _of_another_version(engine):
            key = look.keys.key("restart_engine")
            versions = f"The engine has version {clean(engine.version)}, this screen {__version__}."
            said.append(f"{look.glyphs.warn} {versions} {key} starts it anew; what moves is picked up.")
    return "\n".join(said)


def _of_another_version(engine: EngineState) -> bool:
    return engine.alive and engine.version not in ("", __version__)
