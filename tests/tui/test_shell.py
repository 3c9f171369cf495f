"""Going to the shell and coming back, in a real terminal with a real shell in it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from gencove_tui.tui.shell import ALONE
from tests.tui.driving import drive
from tests.tui.test_economy_terminal import ON_FAKE_DESK, Terminal, opened

BASH = """
import fcntl, os, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
"""
HELP = b"Filter the list"
AWAY = b"fg brings it back"
PANES = (b"Maize diversity", b"online", b"quit")
"""From the top, the status line and the key bar: seen together they mean that all was painted."""


def paints_all(terminal: Terminal) -> None:
    """Read until the whole screen has come."""
    terminal.until(lambda: all(text in terminal.output for text in PANES), "the whole screen")
    terminal.output = b""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Terminal]:
    """A shell with job control in which the screen runs."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    program = tmp_path / "screen.py"
    program.write_text(ON_FAKE_DESK)
    with opened(BASH) as terminal:
        terminal.key(f"{sys.executable} {program}\n".encode())
        paints_all(terminal)
        yield terminal


def ends_well(terminal: Terminal) -> None:
    """Quit, and look at what is left behind."""
    terminal.key(b"q")
    terminal.shows(b"\x1b[?1049l")
    terminal.key(b"echo rc=$?; stty -a\n")
    terminal.until(lambda: b"rc=0\r\n" in terminal.output and b" echo " in terminal.output, "a clean end")


def test_ctrl_z_leaves_a_clean_terminal_and_fg_paints_all_anew(shell: Terminal) -> None:
    shell.key(b"\x1a")
    shell.until(lambda: b"Stopped" in shell.output, "the shell")
    said = shell.output
    assert AWAY in said
    for ended in (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?2004l", b"\x1b[?25h"):
        assert ended in said, ended
    shell.output = b""
    shell.key(b"stty -a\n")
    shell.shows(b" echo ")
    shell.key(b"fg\n")
    paints_all(shell)
    shell.key(b"?")
    shell.shows(HELP)
    shell.key(b"\x1a")  # also with a dialog open
    shell.shows(b"Stopped")
    shell.key(b"fg\n")
    shell.shows(HELP)
    shell.key(b"q")  # closes the help
    ends_well(shell)


def test_in_the_background_it_waits_until_it_is_fetched(shell: Terminal) -> None:
    shell.key(b"!")
    shell.shows(b"Stopped")
    shell.key(b"bg\n")

    def is_stopped() -> bool:
        shell.key(b"jobs\n")
        return b"Stopped" in shell.read(0.3)

    shell.until(is_stopped, "the job to stop again")
    assert not any(text in shell.output for text in PANES)
    shell.key(b"fg\n")
    paints_all(shell)
    ends_well(shell)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
def test_stopped_by_somebody_else_it_comes_back_whole(shell: Terminal, number: signal.Signals) -> None:
    shell.key(b"!")
    shell.shows(b"Stopped")
    shell.key(b"kill -CONT %1; fg\n")
    paints_all(shell)
    (child,) = Path(f"/proc/{shell.process.pid}/task/{shell.process.pid}/children").read_text().split()
    os.kill(int(child), number)
    shell.shows(b"Stopped")
    shell.key(b"fg\n")
    paints_all(shell)
    ends_well(shell)


def test_where_no_shell_waits_it_says_so_and_goes_on() -> None:
    with opened(ON_FAKE_DESK) as terminal:
        paints_all(terminal)
        terminal.key(b"\x1a")
        terminal.shows(ALONE.split(":")[0].encode())
        terminal.key(b"?")
        terminal.shows(HELP)
        terminal.key(b"qq")
        terminal.until(terminal.has_ended, "the end")
        assert terminal.process.returncode == 0


def test_stopped_and_gone_on_it_reads_each_key_once_and_ends() -> None:
    with opened(ON_FAKE_DESK) as terminal:
        paints_all(terminal)
        before = termios.tcgetattr(terminal.master)
        for _ in range(3):
            terminal.process.send_signal(signal.SIGSTOP)
            terminal.process.send_signal(signal.SIGCONT)
            paints_all(terminal)
        threads = Path(f"/proc/{terminal.process.pid}/task").glob("*/comm")
        assert len(list(threads)) <= 4, "the loop, one that reads, one that writes, one that looks things up"
        assert termios.tcgetattr(terminal.master)[3] == before[3]
        terminal.key(b"q")
        terminal.until(terminal.has_ended, "the end")
        assert terminal.process.returncode == 0


async def test_where_it_cannot_be_suspended_it_says_so() -> None:
    async with drive() as it:
        await it.sees("Maize")
        await it.press("ctrl+z")
        await it.sees(ALONE.split(":")[0])
