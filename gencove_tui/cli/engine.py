"""Running the engine in this process."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import signal

from gencove_tui.cli.link import linker
from gencove_tui.config import Settings
from gencove_tui.engine.core import Engine

_LOG_BYTES = 2 << 20
_LOG_FILES = 3


def log_to_file(settings: Settings) -> None:
    """Log to ``engine.log`` in the profile's state folder, with rotation; never a key or a signed URL."""
    settings.state_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.handlers.RotatingFileHandler(
        settings.state_folder / "engine.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("httpx", "httpcore", "aiohttp", "botocore", "aiobotocore", "asyncio", "watchfiles"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def run_engine(settings: Settings, *, child: bool) -> int:
    """Work until stopped by SIGINT or SIGTERM, or until idle as a screen's child; returns the exit code."""
    log_to_file(settings)

    async def work() -> None:
        engine = Engine(settings, linker(settings), exit_when_idle=child)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, engine.stop)
        if child:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        await engine.run()

    asyncio.run(work())
    return 0
