"""A disk that hangs, as a network disk does whose server is away."""

from __future__ import annotations

import os
import threading

import pytest

from gencove_tui.engine import disks, guards, looking
from gencove_tui.engine.mounts import Mount, mounts


@pytest.fixture
def away(tmp_path, monkeypatch):
    """A folder on a network disk of its own; ``away[1].set()`` lets go of what hangs there."""
    folder = tmp_path / "lab"
    folder.mkdir()
    here = [*mounts(), Mount(str(folder), "0:99", "nfs4")]
    monkeypatch.setattr(disks, "mounts", lambda: here)
    monkeypatch.setattr(looking, "mounts", lambda: here)
    monkeypatch.setattr(guards, "STALL_SECONDS", 1.0)
    monkeypatch.setattr(looking, "PATIENCE", 0.3)
    event = threading.Event()
    yield folder, event
    event.set()


LOOKS = ("stat", "scandir", "mkdir", "open", "access", "listdir", "readlink")
"""Functions of ``os`` through which all looking at paths goes."""


def disk_hangs(monkeypatch, away):
    """Let every look at what is in the folder hang."""
    for name in LOOKS:
        hang_in(monkeypatch, away, os, name)


def disk_fails(monkeypatch, folder, number):
    """Let every look at what is in the folder fail with this error number."""

    def failing(real):
        def fails(what=".", *rest, **more):
            if str(getattr(what, "path", what)).startswith(str(folder)):
                raise OSError(number, os.strerror(number), str(what))
            return real(what, *rest, **more)

        return fails

    for name in LOOKS:
        monkeypatch.setattr(os, name, failing(getattr(os, name)))


def hang_in(monkeypatch, away, module, name, first=0):
    """Let a function hang for what is in the folder, the first few times excepted; returns those paths."""
    folder, back = away
    real, entered = getattr(module, name), []

    def hanging(what, *rest, **more):
        path = (
            os.path.realpath(f"/proc/self/fd/{what}")
            if isinstance(what, int)
            else getattr(what, "path", what)
        )
        if str(path).startswith(str(folder)):
            entered.append(path)
            if len(entered) > first:
                assert threading.current_thread() is not threading.main_thread(), "the event loop hangs"
                back.wait()
        return real(what, *rest, **more)

    monkeypatch.setattr(module, name, hanging)
    return entered
