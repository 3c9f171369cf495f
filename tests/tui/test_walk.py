"""A day at the screen, driven through tmux by keys alone at 80×24, with a project of 100,000 samples.

Connect, find a sample, read its quality control, download, pause and resume, upload, assign, watch it run,
export, quit leaving work behind, and come back. Nothing goes in but keys, and nothing is read but the screen.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gencove_tui.config import HOME_VARIABLE, S3_VARIABLE
from gencove_tui.fastq.generate import write_pair
from gencove_tui.sandbox import Sandbox
from tests.waiting import until_blocking

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


class Screen:
    """A shell in tmux, its keys counted."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.keys = 0
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "bash --norc --noprofile")
        self.type(f"cd {shlex.quote(str(folder))}; PS1='shell> '; clear")
        self.press("Enter")
        self.sees(r"^shell> ?$")
        self.keys = 0

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.folder / "tmux"), *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def text(self) -> str:
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        for key in keys:
            self._tmux("send-keys", key)
            self.keys += 1

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def sees(self, pattern: str, times: int = 1) -> None:
        try:
            until_blocking(lambda: len(re.findall(pattern, self.text(), re.M)) >= times, pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text()}") from None

    def no_longer_sees(self, pattern: str) -> None:
        until_blocking(lambda: not re.search(pattern, self.text(), re.M), f"not {pattern}")

    def seek(self, word: str) -> None:
        """Down until the cursor's row has the word."""
        for _ in range(25):
            if re.search(rf"^.*[▌>] +.*{word}", self.text(), re.M):
                return
            before = self.text()
            self.press("Down")
            until_blocking(lambda before=before: self.text() != before, f"the cursor on its way to {word}")
        raise AssertionError(f"the cursor never came to {word}\n{self.text()}")

    def end(self) -> None:
        subprocess.run(
            ["tmux", "-S", str(self.folder / "tmux"), "kill-server"],
            env=self.environment,
            check=False,
            capture_output=True,
        )


@pytest.fixture
def sandbox():
    with Sandbox(scenario="large", speed=5) as running:
        yield running


@pytest.fixture
def environment(sandbox, tmp_path):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TERM": "screen-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        HOME_VARIABLE: str(tmp_path / "home"),
        S3_VARIABLE: sandbox.s3_endpoint,
    }


@pytest.fixture
def command(environment, tmp_path):
    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "gencove_tui", *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    yield run
    run("engine", "stop")


@pytest.fixture
def screen(environment, tmp_path):
    made = Screen(tmp_path, environment)
    yield made
    made.end()


def test_a_day_at_the_screen(screen, sandbox, command, tmp_path):
    for number in (1, 2, 3):
        write_pair(tmp_path / "run-12", f"W00{number}", number, 1000, seed=number)
    program = f"{shlex.quote(sys.executable)} -m gencove_tui"

    # connect: to another address than the ones that are listed
    screen.type(f"clear; {program}")
    screen.press("Enter")
    screen.sees("Which Gencove")
    screen.press("Up", "Enter")
    screen.sees("api.example.org")
    screen.type(sandbox.host)
    screen.sees(re.escape(sandbox.host))
    screen.press("Tab")
    screen.type(sandbox.api_key)
    screen.sees(r"•{8}|\*{8}")
    screen.press("Enter")
    screen.sees("Population 100k")

    # find one of 100,000 and read its quality control
    screen.press("Enter")
    screen.sees("POP-099999")
    screen.press("/")
    screen.type("42421")
    screen.sees("POP-042421")
    screen.no_longer_sees("POP-099999")
    screen.press("Enter", "Enter")
    screen.sees("alignment-bam")
    screen.press("]")
    screen.sees("Minimum number of SNPs")
    screen.press("Escape")
    screen.sees("d download +e export")
    screen.press("Escape")
    screen.sees("POP-099999")

    # two file types of five marked samples
    screen.press(*["Space"] * 5)
    screen.sees("5 marked")
    sandbox.faults.set("rate=150k")
    screen.press("d")
    screen.sees("Download results of")
    screen.press("*")
    screen.sees("Nothing chosen")
    for kind in ("alignment-bam", "impute-vcf"):
        screen.seek(kind)
        screen.press("Space")
        screen.sees(rf"[☑x]\]? {kind}")
    screen.press("Enter")
    screen.sees(r"Queued \d+ downloads")

    # pause them all and let them go on
    screen.press("4")
    screen.sees("fetching")
    screen.press("P")
    screen.sees(r"\d paused")
    screen.no_longer_sees("fetching")
    screen.press("P")
    screen.sees("fetching")

    # upload a folder, assign what came up, and see it run
    screen.press("u")
    screen.sees("tab completes")
    screen.type("run-12")
    screen.sees("From +run-12")
    screen.press("Enter", "C-u")
    screen.type("gncv://run-12/")
    screen.press("Enter")
    screen.sees("6 files would go")
    screen.press("Enter")
    screen.sees("Queued 6 uploads")
    screen.press("3")
    screen.sees(r"W00[123].*succeeded", times=6)
    screen.press("*")
    screen.sees("6 marked")
    screen.press("a")
    screen.sees("Population 100k .*owner")
    screen.press("Enter")
    screen.sees("starts their analysis")
    screen.press("Right", "Enter")
    screen.sees("Assigned 3 samples|● assigned")
    screen.press("2", "g")
    screen.sees(r"W001 +. (running|queued|scheduled|succeeded)")

    # export, quit and leave work behind, come back to it
    screen.press("e")
    screen.sees("Export raw data of")
    screen.press("Enter")
    screen.sees(r"\d+ rows? in")
    screen.press("q")
    screen.sees("Quit with work in flight")
    screen.press("Down", "Enter")
    screen.sees(r"^shell> ?$")
    listed = [json.loads(line) for line in command("transfers", "list", "--json").stdout.splitlines()]
    assert any(transfer["state"] in ("running", "queued") for transfer in listed)
    screen.type(f"clear; {program}")
    screen.press("Enter")
    screen.sees("[●*] online")
    screen.press("4")
    screen.sees("fetching|done")
    sandbox.faults.clear()

    def all_done():
        lines = command("transfers", "list", "--json").stdout.splitlines()
        states = [json.loads(line)["state"] for line in lines]
        return states and set(states) <= {"done", "skipped"}

    until_blocking(all_done, "all transfers", patience=120)
    assert [p for p in (tmp_path / "gencove").rglob("*.bam") if p.stat().st_size]
    print(f"{screen.keys} keys")
