"""Runs gencove-tui until it reaches one of the steps of the loop, and kills itself there with SIGKILL.

``python -m tests.loop.die STEP ARGUMENTS``: the arguments are those of gencove-tui; the step ``never`` kills
nothing. What an engine waits for after a crash is shortened, since the sandbox answers at once.
"""

import sys

from gencove_tui.engine.loop import assign, deliver, runner
from gencove_tui.engine.watch import watcher
from gencove_tui.model import Direction, LoopState
from tests.crash.die_at import Window, _die_at

_LOOP = "gencove_tui.store.loop:Loop"
_HOOK = "gencove_tui.engine.loop.hooks:Hook"
_ACTIONS = "gencove_tui.api.v2.sample_actions:SampleActions"
_SHEET = "gencove_tui.api.v2.sheet:SampleSheet"
_TELLING = "gencove_tui.engine.telling"
_TRANSFERS = "gencove_tui.store.transfers:Transfers"


def _into(state):
    return lambda _self, _numbers, new, **_: new is state


def _end_of(direction):
    return lambda _ledger, transfer, *_: transfer.direction is direction


def _ended(direction):
    return lambda _self, transfer, state, _seconds: transfer.direction is direction


V2 = {
    "intent about to be noted": Window("before", (f"{_LOOP}.move",), _into(LoopState.ASSIGNING)),
    "intent noted": Window("after", (f"{_LOOP}.move",), _into(LoopState.ASSIGNING)),
    "place in the project's list noted": Window("after", (f"{_LOOP}.set_since",)),
    "change seen, not noted": Window("before", (f"{_LOOP}.set_since",), number=2),
    "asked what is assigned": Window("after", (f"{_SHEET}.assigned",)),
    "assignment about to be sent": Window("before", (f"{_SHEET}._post",)),
    "assignment sent, reply lost": Window("after", (f"{_SHEET}._post",)),
}
V1 = {
    "project looked at, not noted": Window("before", (f"{_LOOP}.note_before",)),
    "notice about to be given": Window("before", (f"{_LOOP}.move",), _into(LoopState.TO_ASSIGN)),
    "notice given": Window("after", ("gencove_tui.engine.loop.dashboard:what_to_do",)),
}
BOTH = {
    "upload's end about to be noted": Window(
        "before", (f"{_TELLING}:record_end",), _end_of(Direction.UPLOAD)
    ),
    "upload's end half noted": Window("after", (f"{_TELLING}:record_end",), _end_of(Direction.UPLOAD)),
    "first upload's end noted": Window(
        "after", (f"{_TELLING}:Telling.ended_well",), _ended(Direction.UPLOAD)
    ),
    "second upload's end noted": Window(
        "after", (f"{_TELLING}:Telling.ended_well",), _ended(Direction.UPLOAD), number=2
    ),
    "complete, about to be noted": Window("before", (f"{_LOOP}.move",), _into(LoopState.READY)),
    "complete": Window("after", (f"{_LOOP}.move",), _into(LoopState.READY)),
    "assigned, about to be noted": Window("before", (f"{_LOOP}.assigned",)),
    "assigned, half noted": Window("after", (f"{_LOOP}.assigned",)),
    "end of analysis about to be noted": Window("before", (f"{_LOOP}.move",), _into(LoopState.RESULTS)),
    "end of analysis noted": Window("after", (f"{_LOOP}.move",), _into(LoopState.RESULTS)),
    "first download queued": Window("after", (f"{_TRANSFERS}.add_download",)),
    "downloads queued": Window("after", ("gencove_tui.engine.loop.deliver:Deliverer._queue",)),
    "download's end about to be noted": Window(
        "before", (f"{_TELLING}:record_end",), _end_of(Direction.DOWNLOAD)
    ),
    "first download's end noted": Window(
        "after", (f"{_TELLING}:Telling.ended_well",), _ended(Direction.DOWNLOAD)
    ),
    "delivery half noted": Window("after", (f"{_LOOP}.move",), _into(LoopState.DELIVERED)),
    "delivered": Window("after", (f"{_TELLING}:Telling.ended_well",), _ended(Direction.DOWNLOAD), number=2),
}
RESTORE = {
    "about to ask back": Window("before", (f"{_ACTIONS}.restore",)),
    "asked back, reply lost": Window("after", (f"{_ACTIONS}.restore",)),
    "asked back": Window("after", ("gencove_tui.engine.loop.deliver:Deliverer._note_asked_back",)),
    "wish to ask back noted": Window("after", (f"{_LOOP}.move",), _into(LoopState.RESTORING)),
}
MERGED = {
    name: BOTH[name]
    for name in (
        "upload's end half noted",
        "first upload's end noted",
        "complete, about to be noted",
        "complete",
    )
} | {"assignment sent, reply lost": V2["assignment sent, reply lost"]}
LONE = {
    "lone mate about to be told": Window("before", (f"{_LOOP}.note_told",)),
    "lone mate half told": Window("after", (f"{_LOOP}.note_told",)),
    "lone mate told": Window("after", ("gencove_tui.engine.loop.collect:_report",)),
}
HOOK = {
    "hook about to be called": Window("before", (f"{_HOOK}._call",)),
    "hook called, not noted": Window("after", (f"{_HOOK}._call",)),
    "hook noted": Window("after", (f"{_LOOP}.set_hook_event",), number=2),
}
TABLE = {
    ("v2", "pair"): BOTH | V2,
    ("v1", "pair"): BOTH | V1,
    ("v2", "restore"): RESTORE,
    ("v2", "merged"): MERGED,
    ("v2", "lone"): LONE,
    ("v2", "hook"): HOOK,
}
"""(dialect, what the rule has to do) → its steps."""
_ALL = BOTH | V1 | V2 | RESTORE | LONE | HOOK
INTENT_SECONDS = 0.5

if __name__ == "__main__":
    assign.INTENT_SECONDS = INTENT_SECONDS
    deliver._RESTORE_SECONDS = (0.3,)
    deliver._ASKED_BACK_SECONDS = 0.5
    watcher.LOCAL_SECONDS = runner._LOOK_SECONDS = 0.5
    step = sys.argv.pop(1)
    if step != "never":
        _die_at(_ALL[step])
    from gencove_tui.cli import main

    sys.exit(main())
