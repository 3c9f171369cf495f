"""The stores that a kill loop writes to: the sandbox's own (moto behind it), and s3rver."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Protocol

from gencove_tui.sandbox import Sandbox

S3RVER = "3.7.1"
_OBJECT = "._S3rver_object"
_UPLOADS = "._S3rver_uploads"
_MIB = 1 << 20


class Unavailable(Exception):
    """The store can't be had on this machine; the text says why."""


class StoreUnderTest(Protocol):
    """What the tests look at, past the engine and its client library."""

    endpoint: str
    lists_multiparts: bool
    """Whether a client can find, and take back, what it began in parts and forgot."""

    def pace(self, *, rate: int = 0, latency: float = 0.0) -> None:
        """Slow every upload body to so many bytes a second, and every request by seconds; 0 is full speed."""

    def state_of(self, key: str) -> object:
        """Something that differs whenever another object is visible; None when there is none."""

    def sha256(self, key: str) -> str | None:
        """Of the visible object."""

    def open_multiparts(self) -> list[str]:
        """What was begun in parts and neither completed nor aborted."""

    def close(self) -> None:
        """Stop it."""


class SandboxStore:
    """The sandbox's own S3 port."""

    lists_multiparts = True

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.endpoint = sandbox.s3_endpoint

    def pace(self, *, rate: int = 0, latency: float = 0.0) -> None:
        self._sandbox.faults.clear("s3-rate", "s3-latency")
        if rate:
            self._sandbox.faults.set(f"s3-rate={rate}")
        if latency:
            self._sandbox.faults.set(f"s3-latency={latency}")

    def state_of(self, key: str) -> object:
        size = self._sandbox.store.size(key)
        counters = self._sandbox.requests.key(key)
        # Until its request is counted, moto reads the object for its ETag without the lock that readers take:
        # two of them in one file at a time get wrong bytes.
        if size is None or not (counters.puts or counters.completes):
            return None
        return size, counters.puts, counters.completes

    def sha256(self, key: str) -> str | None:
        return self._sandbox.store.sha256(key)

    def open_multiparts(self) -> list[str]:
        return self._sandbox.open_multiparts()

    def close(self) -> None:
        self._sandbox.faults.clear("s3-rate", "s3-latency")


class S3rverStore:
    """s3rver as the endpoint of a sandbox's upload area.

    It can neither list parts nor abort (405): resuming has to do with the ledger alone. What it stores is
    counted in ``sandbox.requests`` and told to the upload area, as S3's notifications would.
    """

    lists_multiparts = False

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        area = sandbox.account.uploads
        self._objects = folder / "objects" / area.bucket
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("s3rver.js")), str(folder), area.bucket],
            cwd=_installed(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.troubles: list[str] = []
        ready = json.loads(self._process.stdout.readline() or "{}")
        if "port" not in ready:
            raise Unavailable(f"s3rver did not start: {ready}")
        self.endpoint = f"http://127.0.0.1:{ready['port']}"
        issue = area.issue_keys

        def issue_keys():
            keys = issue()
            keys.access_key, keys.secret_key = "ASIAS3RVER", "S3RVER"  # the pair that the script makes known
            return keys

        area.issue_keys = issue_keys
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._process.stdout:
            news = json.loads(line)
            if news["event"] == "trouble":
                self.troubles.append(news["message"])
                continue
            counters = self._sandbox.requests.key(news["key"])
            match news["event"]:
                case "create":
                    counters.creates += 1
                case "part":
                    counters.parts[news["number"]] += 1
                    counters.bytes_received += news["size"]
                case "put":
                    counters.puts += 1
                    counters.bytes_received += news["size"]
                case "complete":
                    counters.completes += 1
            if news["event"] in ("put", "complete"):
                with self._sandbox.state.lock:
                    self._sandbox.account.uploads.object_created(news["key"], news["size"])

    def pace(self, *, rate: int = 0, latency: float = 0.0) -> None:
        print(json.dumps({"rate": rate, "latency": latency}), file=self._process.stdin, flush=True)

    def _path(self, key: str) -> Path:
        return self._objects / f"{key}{_OBJECT}"

    def state_of(self, key: str) -> object:
        try:
            status = self._path(key).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def sha256(self, key: str) -> str | None:
        with contextlib.suppress(FileNotFoundError), self._path(key).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return None

    def open_multiparts(self) -> list[str]:
        folder = self._objects / _UPLOADS
        return sorted((begun / "key").read_text() for begun in folder.iterdir()) if folder.exists() else []

    def close(self) -> None:
        self._process.stdin.close()  # it ends with its stdin
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(5)
        self._process.stdout.close()


def _installed() -> Path:
    """The folder that s3rver is installed in; raises ``Unavailable`` when it can't be had."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "gencove-tui-tests" / f"s3rver-{S3RVER}"
    if not (folder / "node_modules" / "s3rver" / "package.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), f"s3rver@{S3RVER}"]
        try:
            subprocess.run(install, check=True, capture_output=True, text=True, timeout=60)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"npm can't install s3rver: {error}") from error
    return folder
