"""Draw the README's pictures from the running demo: ``python screenshots/make.py``.

Real sandbox, real engine, real transfers; only the terminal is Textual's headless one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gencove_tui.cli.demo import DEMO_PACE, prepare_demo
from gencove_tui.cli.link import linker
from gencove_tui.config import HOME_VARIABLE
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.engine.spawn import stop_engine
from gencove_tui.sandbox import Sandbox
from gencove_tui.tui.app import GencoveApp, build_app

HERE = Path(__file__).parent


async def until(look: Callable[[], object], what: str) -> None:
    """Wait for something to be true on the screen or in the ledger."""
    deadline = time.monotonic() + 60
    while not look():
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up waiting for {what}")
        await asyncio.sleep(0.1)


def _done(desk: LocalDesk) -> int:
    return desk.snapshot().totals.done


def _shown(app: GencoveApp) -> str:
    return app.export_screenshot().replace("&#160;", " ")


def _save(app: GencoveApp, name: str) -> None:
    (HERE / f"{name}.svg").write_text(app.export_screenshot(title="gencove-tui demo"))


async def draw(home: Path) -> None:
    """Drive the app as a person would and save what it shows."""
    with Sandbox(scenario="demo", faults=DEMO_PACE) as sandbox:
        settings = prepare_demo(home, sandbox, "v2", Path("gencove-demo"))
        desk = LocalDesk(settings, linker(settings))
        app = build_app(desk, refresh_seconds=2)
        try:
            async with app.run_test(size=(120, 36)) as pilot:
                await until(lambda: _done(desk) >= 2, "the first uploads")
                # A finished sample of the first project, its largest result on the way, more files going up.
                await pilot.press("1", "enter")
                await until(lambda: "NA12891" in _shown(app), "the samples")
                await pilot.press("G")
                await until(lambda: "alignment-bam" in _shown(app), "the sample's results")
                await pilot.press("d")
                await until(lambda: "Download results" in _shown(app), "the dialog")
                _save(app, "download")
                await pilot.press("enter")
                for file in (home / "fastq").iterdir():
                    shutil.copy(file, home / "watched")
                await until(lambda: desk.snapshot().totals.running >= 4, "several transfers at once")
                await until(lambda: desk.snapshot().totals.up_rate > 0, "a rate")
                await pilot.press("4", "2")
                await asyncio.sleep(0.5)  # the screen follows the ledger a quarter of a second behind
                _save(app, "wide")
                await pilot.resize_terminal(80, 24)
                await pilot.press("4")
                await asyncio.sleep(0.5)
                _save(app, "narrow")
                await until(lambda: not desk.snapshot().totals.unfinished, "the end of all transfers")
        finally:
            await stop_engine(settings.state_folder)


def main() -> None:
    """Draw in a temporary home that is removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="gencove-tui-pictures-"))
    os.environ[HOME_VARIABLE] = str(home / "app")
    working = Path.cwd()
    try:
        os.chdir(home)
        asyncio.run(draw(home))
    finally:
        os.chdir(working)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
