"""A sandbox with files to move, a profile on it, and engine processes that get killed."""

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gencove_tui.cli.link import linker
from gencove_tui.config import HOME_VARIABLE, resolve
from gencove_tui.engine.targets import PART_SUFFIX
from gencove_tui.fastq.generate import compress, write_large
from gencove_tui.model import Direction, DownloadSource, TransferState
from gencove_tui.sandbox import Sandbox
from gencove_tui.sandbox.content import Content
from gencove_tui.sandbox.presign import BUCKET
from gencove_tui.sandbox.records import Sample
from gencove_tui.store.ledger import Ledger
from tests.crash.stores import SandboxStore, StoreUnderTest
from tests.waiting import until_blocking

MIB = 1 << 20
PLACE = "gncv://lab/run-1/"
NEVER = "never"
"""The sha256 of a file that must not show in the upload area, whatever its bytes."""
ROOT = Path(__file__).parents[2]
"""Where ``tests`` can be imported from."""
_BLOCK = random.Random(0).randbytes(MIB - hashlib.sha256().digest_size)
_RECORD = b"@A01234:56:HGV7DRXX:1:1101:1000:1000 1:N:0:ACGT+ACGT\n" + b"ACGT" * 30 + b"\n+\n" + b"F:,#" * 30
_SMALL = 4 * MIB


@dataclass
class Item:
    """One file that has to arrive: byte for byte, and once."""

    transfer: int
    direction: Direction
    path: Path
    """The local file: source of an upload, target of a download."""
    remote: str
    """The ``gncv://`` path of an upload; a deliverable's place in the bucket of results."""
    size: int
    sha256: str


class World:
    """One profile in one dialect, its engine a process that can be ended at any moment."""

    def __init__(
        self, sandbox: Sandbox, dialect: str, folder: Path, store: StoreUnderTest | None = None
    ) -> None:
        self.sandbox = sandbox
        self.dialect = dialect
        self.store = store or SandboxStore(sandbox)
        self.files = folder / "files"
        self.downloads = folder / "downloads"
        self.files.mkdir(parents=True)
        self._home = folder / "home"
        self.environment = self._write_profile()
        self.settings = resolve(environment=self.environment)
        self.ledger = Ledger(self.settings.state_folder)
        self.items: list[Item] = []
        self.engines: list[subprocess.Popen[bytes]] = []
        self._log = (folder / "engines.out").open("ab")

    def _write_profile(self) -> dict[str, str]:
        config = self._home / "config"
        (config / "keys").mkdir(parents=True)
        (config / "config.toml").write_text(
            f"[profiles.default]\nhost = '{self.sandbox.host}'\ndialect = '{self.dialect}'\n"
            f"s3_endpoint = '{self.store.endpoint}'\ndownload_folder = '{self.downloads}'\n"
        )
        key = config / "keys" / "default"
        key.write_text(self.sandbox.api_key)
        key.chmod(0o600)
        return {**os.environ, HOME_VARIABLE: str(self._home)}

    def close(self) -> None:
        for engine in self.engines:
            if engine.poll() is None:
                engine.kill()
                engine.wait()
        self.ledger.close()
        self._log.close()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- engines -------------------------------------------------------------------------------------

    def start(self, window: str = "") -> subprocess.Popen[bytes]:
        """An engine process; with a ``window`` (see ``die_at``) it kills itself there."""
        program = ["-m", "tests.crash.die_at", window] if window else ["-m", "gencove_tui"]
        engine = subprocess.Popen(
            [sys.executable, *program, "--profile", "default", "engine"],
            env=self.environment,
            cwd=ROOT,
            stdout=self._log,
            stderr=self._log,
        )
        self.engines.append(engine)
        return engine

    def kill(self, engine: subprocess.Popen[bytes]) -> None:
        """``kill -9``; fails when the engine had ended by itself."""
        assert engine.poll() is None, f"the engine ended by itself with {engine.returncode}"
        os.kill(engine.pid, signal.SIGKILL)
        engine.wait()

    def dies_at(self, window: str, patience: float = 60.0) -> None:
        """Run an engine until it has killed itself at a window."""
        engine = self.start(window)
        until_blocking(lambda: engine.poll() is not None, f"the window {window!r}", patience)
        assert engine.returncode == -signal.SIGKILL, f"the engine ended with {engine.returncode}"

    def finish(self, patience: float = 60.0) -> None:
        """Let an engine work until every transfer has ended, and stop it."""
        engine = self.start()
        until_blocking(lambda: self.ledger.engine.read().pid == engine.pid, "the engine to introduce itself")
        until_blocking(
            lambda: all(self.state(item).is_final for item in self.items) or engine.poll() is not None,
            "the end of all transfers",
            patience,
        )
        assert engine.poll() is None, f"the engine ended by itself with {engine.returncode}"
        engine.terminate()
        assert engine.wait(30) == 0

    def state(self, item: Item) -> TransferState:
        return self.ledger.transfers.get(item.transfer).state

    # --- work ----------------------------------------------------------------------------------------

    def upload(self, size: int, seed: int = 0) -> Item:
        """Queue the upload of a new file of about that size: a FASTQ, or any bytes where none is so small."""
        path = self.files / f"S{len(self.items):04}_S1_L001_R1_001.fastq.gz"
        check = "full"
        if size >= _SMALL:
            write_large(path, size, seed)
        elif size >= 100:
            path.write_bytes(compress(_RECORD + b"\n"))
            with path.open("ab") as file:
                chance = random.Random(seed)
                while file.tell() < size:
                    bases = (
                        chance.randbytes(500).hex().translate(str.maketrans("0123456789abcdef", "ACGT" * 4))
                    )
                    file.write(compress(f"@r\n{bases}\n+\n{'F' * len(bases)}\n".encode() * 20))
        else:
            check = "none"
            path.write_bytes(random.Random(seed).randbytes(size))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return self.upload_of(path, digest, check=check)

    def upload_of(self, path: Path, sha256: str, check: str = "full") -> Item:
        """Queue the upload of a file; with ``NEVER`` as its sha256 it must not be seen at all."""
        place, size = PLACE + path.name, path.stat().st_size
        transfer = self.ledger.transfers.add_upload(str(path), place, size, check=check)
        self.items.append(Item(transfer, Direction.UPLOAD, path, place, size, sha256))
        return self.items[-1]

    def download(self, *sizes: int, seed: int = 0) -> list[Item]:
        """Queue the download of new deliverables of these sizes; at most eight at a time."""
        state = self.sandbox.state
        with state.lock:
            project = next(iter(state.projects.values()))
            number = state.next_number()
            now = self.sandbox.clock.now()
            sample = state.add_sample(
                project,
                Sample(state.new_id(), number, project.id, f"K{number}", now, now, "succeeded"),
            )
            kinds = state.file_kinds(sample)
            if self.dialect == "v1":  # which knows only some
                kinds = [kind for kind in kinds if kind not in ("fastq-r2", "sex-json")]
            for kind, size in zip(kinds, sizes, strict=False):
                content = content_of(size, f"{seed} {kind}")
                file = state.file(sample.id, kind, now, lambda content=content: content)
                assert file.sha256  # made now, not while an engine waits
                assert file.etag
        project_id, found = asyncio.run(self._look_up(project.name, sample.client_id))
        queued = []
        for deliverable in found.deliverables:
            place = unquote(urlsplit(deliverable.url).path).removeprefix(f"/{BUCKET}/")
            with state.lock:
                file = state.file_at(place)
            if file.kind not in kinds[: len(sizes)]:
                continue
            target = self.downloads / sample.client_id / file.name
            source = DownloadSource(
                project_id=project_id,
                sample_id=found.id,
                file_type=deliverable.file_type,
                file_id=deliverable.id,
            )
            transfer = self.ledger.transfers.add_download(str(target), target.name, source, None)
            size = file.content.size
            queued.append(Item(transfer, Direction.DOWNLOAD, target, place, size, file.sha256))
        assert len(queued) == len(sizes)
        self.items += queued
        return queued

    async def _look_up(self, project_name: str, client_id: str):
        api = await linker(self.settings)()
        try:
            project = next(p for p in (await api.projects()).items if p.name == project_name)
            samples = (await api.samples(project.id)).items
            sample = next(s for s in samples if s.client_id == client_id)
            return project.id, await api.sample(project.id, sample.id)
        finally:
            await api.aclose()

    # --- looking ---------------------------------------------------------------------------------------

    def of(self, direction: Direction) -> list[Item]:
        return [item for item in self.items if item.direction is direction]

    def key(self, item: Item) -> str:
        """The S3 key of an upload; empty before Gencove knows of it."""
        area = self.sandbox.account.uploads
        if self.dialect == "v1":
            return f"{area.v1_prefix}/{item.remote.removeprefix('gncv://')}"
        with self.sandbox.state.lock:
            upload = area.at(item.remote)
        return upload.key if upload else ""

    def check_log(self) -> None:
        """No engine met an error that it did not expect."""
        for file in (self.settings.state_folder / "engine.log", self._log.name):
            text = Path(file).read_text(errors="replace")
            assert "Traceback" not in text, text[text.index("Traceback") - 200 :][:3000]

    def check(self) -> None:
        """Everything arrived, byte for byte and once, and nothing is left over."""
        self.check_log()
        for item in self.items:
            done = self.ledger.transfers.get(item.transfer)
            ended = (TransferState.DONE,)
            if item.direction is Direction.DOWNLOAD:
                ended += (TransferState.SKIPPED,)  # killed between its name and the note of it
            assert done.state in ended, f"{item.path.name}: {done.state} {done.problem}"
            shown = (done.bytes_done, done.size)
            assert shown == (item.size, item.size), f"{item.path.name}: {shown} of {item.size} bytes"
            if item.direction is Direction.UPLOAD:
                key = self.key(item)
                assert self.store.sha256(key) == item.sha256, item.remote
                if self.dialect == "v2":
                    assert self.sandbox.upload_status(item.remote) == "succeeded"
                counters = self.sandbox.requests.key(key)
                assert counters.completes <= 1, f"{item.remote} was put together {counters.completes} times"
                assert bool(counters.completes) is not bool(counters.puts)
            else:
                with item.path.open("rb") as file:
                    assert hashlib.file_digest(file, "sha256").hexdigest() == item.sha256, item.path
                if self.dialect == "v2":
                    assert done.verified
                    assert done.checksum == item.sha256
        assert self.ledger.transfers.count() == len(self.items)
        orphans = self.store.open_multiparts()
        if self.store.lists_multiparts:
            assert orphans == [], f"left open in the store: {orphans}"
        there = {path for path in self.downloads.rglob("*") if path.is_file()}
        unexpected = there - {item.path for item in self.of(Direction.DOWNLOAD)}
        assert not unexpected, f"files beside the downloads: {unexpected}"


class Sampler:
    """Looks on all the while: whatever shows under a final name, here or there, must be right at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ended = threading.Event()
        self._seen: dict[int, object] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.looks = 0
        self.wrong: list[str] = []

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        assert not self.wrong, self.wrong

    def _run(self) -> None:
        try:
            while not self._ended.wait(0.02):
                for item in list(self._world.items):
                    self._look(item)
                self.looks += 1
        except Exception as error:  # it must not end in silence
            self.wrong.append(f"the sampler ended: {error!r}")
            raise

    def _look(self, item: Item) -> None:
        up = item.direction is Direction.UPLOAD
        key = self._world.key(item) if up else ""
        state = self._world.store.state_of(key) if up and key else None if up else _state_of(item.path)
        if state is None or state == self._seen.get(item.transfer):
            return
        self._seen[item.transfer] = state
        found = self._world.store.sha256(key) if up else _sha256(item.path)
        if found is not None and found != item.sha256:
            self.wrong.append(f"{item.remote} was seen with other bytes: {state}")


def _state_of(path: Path) -> object:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _sha256(path: Path) -> str | None:
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None


def content_of(size: int, seed: str) -> Content:
    """Bytes of which no two MiB are equal, without taking their room in memory."""
    pieces = []
    for start in range(0, size, MIB):
        length = min(MIB, size - start)
        head = hashlib.sha256(f"{seed} {start}".encode()).digest()
        pieces += [head[:length], _BLOCK if length == MIB else _BLOCK[: max(0, length - len(head))]]
    return Content(*pieces)


def partial(item: Item) -> Path:
    """Where a download's bytes are before it has its name."""
    return item.path.with_name(item.path.name + PART_SUFFIX)
