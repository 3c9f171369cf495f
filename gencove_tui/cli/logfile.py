"""The logs of engine and screen: rotated, shared by processes, and without secrets."""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from gencove_tui.config import Settings

LOG_NAME = "engine.log"
SCREEN_LOG_NAME = "screen.log"
_LOG_BYTES = 2 << 20
_LOG_FILES = 3
_LIBRARIES = ("httpx", "httpcore", "aiohttp", "botocore", "aiobotocore", "asyncio", "watchfiles")
_GONE = "…"

_SECRETS = (
    # Queries of presigned URLs, both signature versions, also as botocore prints parts of them.
    re.compile(
        r"((?:X-Amz-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|\bSignature|\bCredential)"
        r"['\"]?\s*[=:]\s*['\"]?)[^\s&'\",]+",
        re.IGNORECASE,
    ),
    re.compile(r"((?:GENCOVE-API-KEY|Api-Key|Bearer|\bBasic)['\"]?[\s:=]+['\"]?)[^\s'\",]+", re.IGNORECASE),
    # Fields of credentials in JSON, in a repr or in a query.
    re.compile(
        r"((?:secret_?(?:access_?)?key|access_?key(?:_?id)?|session_?token|security_?token|access_?token"
        r"|refresh_?token|api_?key|password|\bsecret)['\"]?\s*[=:]\s*['\"]?)[^\s&'\",}]+",
        re.IGNORECASE,
    ),
    re.compile(r"(\b)(?:AKIA|ASIA)[A-Z0-9]{12,}"),
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without anything that looks like a key or a signature, and without the given secrets."""
    for secret in secrets:
        text = text.replace(secret, _GONE)
    for pattern in _SECRETS:
        text = pattern.sub(rf"\1{_GONE}", text)
    return text


class RedactingFormatter(logging.Formatter):
    """The last line of defence: our own messages hold no secrets, those of libraries may."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """The line, tracebacks included."""
        return redacted(super().format(record), self._secrets)


class SharedLog(logging.handlers.RotatingFileHandler):
    """A rotated file that several processes write to: who finds it renamed by another opens the new one."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line."""
        self.acquire()
        try:
            if self.stream is not None and _was_renamed(self.stream, Path(self.baseFilename)):
                self.stream.close()
                self.stream = self._open()
        except OSError:
            self.handleError(record)
        finally:
            self.release()
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk must not end the work, nor fill the terminal with tracebacks."""


def _was_renamed(stream: TextIO, path: Path) -> bool:
    try:
        return not os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return True


def log_to_file(settings: Settings, level: str = "info", name: str = LOG_NAME) -> None:
    """Log to a file in the profile's state folder, with rotation; never a key or a signed URL.

    A second call takes the place of the first, as when the screen goes on with another profile.
    """
    settings.state_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = SharedLog(
        settings.state_folder / name, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
    )
    handler.setFormatter(RedactingFormatter([settings.api_key]))
    chosen = logging.getLevelNamesMapping()[level.upper()]
    root = logging.getLogger()
    for before in [known for known in root.handlers if isinstance(known, SharedLog)]:
        root.removeHandler(before)
        before.close()
    logging.basicConfig(level=chosen, handlers=[handler])
    for library in _LIBRARIES:
        # At debug the libraries would print every header.
        logging.getLogger(library).setLevel(logging.INFO if chosen == logging.DEBUG else logging.WARNING)
