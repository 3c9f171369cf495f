"""Runs gencove-tui until it reaches one of the crash windows, and kills itself there with SIGKILL.

``python -m tests.crash.die_at WINDOW ARGUMENTS``: the arguments are those of gencove-tui. The windows are
those of transfer-anchors §3.2 and what lies between them: before and after each act that leaves a trace.
"""

import functools
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gencove_tui.model import TransferState

_S3 = "gencove_tui.api.s3:S3Area"
_JOURNAL = "gencove_tui.store.transfers:Transfers"
_V1 = "gencove_tui.api.v1:GencoveV1"
_V2 = "gencove_tui.api.v2.client:GencoveV2"


@dataclass(frozen=True)
class Window:
    """A moment: ``when`` a call of one of ``targets`` (module:name) begins or has ended."""

    when: str
    targets: tuple[str, ...]
    matches: Callable[..., bool] = lambda *_, **__: True
    number: int = 1
    """At the how-manieth such call."""


def _noting(name: str) -> Callable[..., bool]:
    return lambda *_, **values: bool(values.get(name))


def _to(state: TransferState) -> Callable[..., bool]:
    return lambda _self, _transfer, new, **_: new is state


def _some_ranges(*arguments: Any, **values: Any) -> bool:
    return bool(values.get("ranges") or (len(arguments) > 2 and arguments[2]))


def _to_a_final_name(_source: Any, target: Any, **_: Any) -> bool:
    return not str(target).endswith((".bad", ".part"))


def _to_bad(_source: Any, target: Any, **_: Any) -> bool:
    return str(target).endswith(".bad")


_NAMING = ("os:replace", "os:rename", "os:link")

WINDOWS = {
    # uploads
    "running noted": Window("after", (f"{_JOURNAL}.set_state",), _to(TransferState.RUNNING)),
    "target known, not noted": Window("after", (f"{_V1}.begin_upload", f"{_V2}.begin_upload")),
    "target noted": Window("after", (f"{_JOURNAL}.note",), _noting("object_key")),
    "multipart about to begin": Window("before", (f"{_S3}.create_multipart",)),
    "multipart begun, not noted": Window("after", (f"{_S3}.create_multipart",)),
    "multipart noted": Window("before", (f"{_S3}.upload_part",)),
    "part sent, not noted": Window("before", (f"{_JOURNAL}.finish_part",)),
    "second part sent, not noted": Window("before", (f"{_JOURNAL}.finish_part",), number=2),
    "part noted": Window("after", (f"{_JOURNAL}.finish_part",)),
    "all parts noted": Window("before", (f"{_JOURNAL}.note",), _noting("completing")),
    "about to complete": Window("before", (f"{_S3}.complete",)),
    "completed, reply lost": Window("after", (f"{_S3}.complete",)),
    "about to put": Window("before", (f"{_S3}.put",)),
    "put, reply lost": Window("after", (f"{_S3}.put",)),
    "not yet confirmed": Window("before", (f"{_V1}.upload", f"{_V2}.upload"), number=2),
    "confirmed, not noted": Window("before", (f"{_JOURNAL}.set_state",), _to(TransferState.DONE)),
    "done noted": Window("after", (f"{_JOURNAL}.set_state",), _to(TransferState.DONE)),
    "about to abort": Window("before", (f"{_S3}.abort",)),
    "aborted, not noted": Window("after", (f"{_S3}.abort",)),
    # downloads
    "download planned": Window("after", (f"{_JOURNAL}.set_parts",)),
    "bytes on disk, not noted": Window("before", (f"{_JOURNAL}.progress",), _some_ranges),
    "bytes noted": Window("after", (f"{_JOURNAL}.progress",), _some_ranges),
    "about to sync": Window("before", ("os:fsync",)),
    "synced": Window("after", ("os:fsync",)),
    "about to verify": Window("before", (f"{_JOURNAL}.set_state",), _to(TransferState.VERIFYING)),
    "about to be named": Window("before", _NAMING, _to_a_final_name),
    "named, not noted": Window("after", _NAMING, _to_a_final_name),
    "set aside as bad": Window("after", _NAMING, _to_bad),
}


def _die_at(window: Window) -> None:
    met = 0

    def look(arguments: tuple[Any, ...], values: dict[str, Any]) -> None:
        nonlocal met
        if window.matches(*arguments, **values):
            met += 1
            if met == window.number:
                os.kill(os.getpid(), signal.SIGKILL)

    for target in window.targets:
        module, _, dotted = target.partition(":")
        *path, name = dotted.split(".")
        owner = functools.reduce(getattr, path, importlib.import_module(module))
        setattr(owner, name, _watched(getattr(owner, name), window.when, look))


def _watched(original: Callable[..., Any], when: str, look: Callable[[tuple, dict], None]) -> Any:
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def watched(*arguments: Any, **values: Any) -> Any:
            if when == "before":
                look(arguments, values)
            result = await original(*arguments, **values)
            if when == "after":
                look(arguments, values)
            return result

    else:

        @functools.wraps(original)
        def watched(*arguments: Any, **values: Any) -> Any:
            if when == "before":
                look(arguments, values)
            result = original(*arguments, **values)
            if when == "after":
                look(arguments, values)
            return result

    return watched


if __name__ == "__main__":
    _die_at(WINDOWS[sys.argv.pop(1)])
    from gencove_tui.cli import main

    sys.exit(main())
