"""Starting and stopping a sandbox, inside a test or on its own."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from gencove_tui.errors import InputProblem
from gencove_tui.sandbox.clock import Clock
from gencove_tui.sandbox.faults import Faults
from gencove_tui.sandbox.traffic import Traffic

if TYPE_CHECKING:
    from gencove_tui.sandbox.account import Account
    from gencove_tui.sandbox.api_server import ApiServer
    from gencove_tui.sandbox.records import Sample
    from gencove_tui.sandbox.s3_server import KeepAliveServer
    from gencove_tui.sandbox.s3_store import Store
    from gencove_tui.sandbox.state import State

LOOPBACK = "127.0.0.1"
_TICK_SECONDS = 0.5
_RECEIVE_BUFFER = 128 << 10


class Sandbox:
    """A local Gencove that speaks v1 and v2 on one loopback port, and S3 on another.

    ``speed`` divides every delay in the life of uploads and samples. ``dialects`` limits what the API port
    speaks. Raises ``InputProblem`` for an unknown scenario, a bad fault, or a port that is taken.
    """

    def __init__(
        self,
        scenario: str = "demo",
        port: int = 0,
        s3_port: int = 0,
        faults: Iterable[str] = (),
        speed: float = 1.0,
        seed: int = 1,
        dialects: Iterable[str] = ("v1", "v2"),
    ) -> None:
        from gencove_tui.sandbox.scenarios import scenario as find

        if not 0 < speed < float("inf"):
            raise InputProblem(f"The speed {speed!r} can't be used", remedy="Use a number above 0.")
        self._scenario = find(scenario)
        self.scenario = scenario
        self.faults = Faults(faults, seed)
        self.requests = Traffic()
        self.clock = Clock(speed)
        self._ports = (port, s3_port)
        self._seed = seed
        self._dialects = frozenset(dialects)
        self._account: Account | None = None
        self._store: Store | None = None
        self._api: ApiServer | None = None
        self._s3: KeepAliveServer | None = None
        self._threads: list[threading.Thread] = []
        self._serving: list[threading.Thread] = []
        self._stopping = threading.Event()
        self.host = ""
        """Base URL of the API, once started."""
        self.s3_endpoint = ""
        """URL of the S3 endpoint, once started."""

    # Life

    def start(self) -> Sandbox:
        """Start both servers and the clock, in threads; returns when both ports answer."""
        from gencove_tui.sandbox.account import Account
        from gencove_tui.sandbox.s3_store import Store
        from gencove_tui.sandbox.state import State

        api_socket, s3_socket = _listen(self._ports[0]), None
        try:
            s3_socket = _listen(self._ports[1])
            self._store = store = Store()
            state = State(self.clock, self.faults, self._seed)
            self._account = account = Account(state, store.bucket, store.delete)
            self.host = account.signer.base = f"http://{LOOPBACK}:{api_socket.getsockname()[1]}"
            self.s3_endpoint = account.s3_endpoint = f"http://{LOOPBACK}:{s3_socket.getsockname()[1]}"
            self._scenario.build(account, store.put)
            self._open(api_socket, s3_socket)
        except BaseException:
            api_socket.close()
            if s3_socket is not None:
                s3_socket.close()
            if self._store is not None:
                self._store.close()
            raise
        account.hooks.start()
        self._threads.append(_run(self._tick, "clock"))
        return self

    def _open(self, api_socket: socket.socket, s3_socket: socket.socket) -> None:
        """Serve on two listening sockets."""
        from gencove_tui.sandbox.api_server import ApiServer
        from gencove_tui.sandbox.endpoints import endpoints
        from gencove_tui.sandbox.http import ApiPort
        from gencove_tui.sandbox.s3 import S3Port
        from gencove_tui.sandbox.s3_server import KeepAliveServer

        s3 = self._s3 = KeepAliveServer(
            s3_socket, S3Port(self.store, self.account.uploads, self.faults, self.requests)
        )
        s3_socket.close()
        port = ApiPort(self.account, self.requests, endpoints(self._dialects))
        api = self._api = ApiServer(port.app, api_socket)
        self._serving = [_run(lambda: s3.serve_forever(0.05), "s3"), _run(api.run, "api")]

    def _shut(self) -> None:
        """Stop both servers and cut what is still connected."""
        # Both are told first and waited for afterwards, so that they end at the same time.
        if self._api is not None:
            self._api.stop()
        if self._s3 is not None:
            self._s3.stop()
        for thread in self._serving:
            thread.join(5)
        self._serving.clear()
        self._api = self._s3 = None

    def unplug(self) -> None:
        """Let both ports refuse connections, as when a line or a server is down; nothing stored is lost."""
        self._shut()

    def plug_in(self) -> None:
        """Serve again on the same ports. Raises ``InputProblem`` when somebody else has taken one."""
        self._open(*(_listen(int(url.rpartition(":")[2])) for url in (self.host, self.s3_endpoint)))

    def _tick(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            with self.state.lock:
                self.clock.run_due()
                pause = self.clock.wait_for_next(_TICK_SECONDS)

    def stop(self) -> None:
        """Stop both servers, cut what is still connected, and remove everything stored."""
        self._stopping.set()
        self._shut()
        if self._account is not None:
            self._account.hooks.stop()
        for thread in self._threads:
            thread.join(5)
        self._threads.clear()
        if self._store is not None:
            self._store.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # The account, for tests

    @property
    def account(self) -> Account:
        """Everything behind the API; use it under ``state.lock``."""
        if self._account is None:
            raise RuntimeError("The sandbox isn't started.")
        return self._account

    @property
    def store(self) -> Store:
        """The objects of the S3 endpoint."""
        if self._store is None:
            raise RuntimeError("The sandbox isn't started.")
        return self._store

    @property
    def state(self) -> State:
        """The projects, samples and files."""
        return self.account.state

    @property
    def api_key(self) -> str:
        """The API key that both dialects accept: 36 characters."""
        return self.state.api_keys[0].key

    def revoke_key(self) -> None:
        """Refuse the API key from now on."""
        with self.state.lock:
            self.state.api_keys[0].revoked = True

    def expire_credentials(self) -> None:
        """Let every S3 key handed out so far expire now."""
        with self.state.lock:
            for keys in self.account.uploads.keys.values():
                keys.expires = self.clock.now()

    # The upload area, for tests

    def _key(self, path: str) -> str:
        """The S3 key at a ``gncv://`` path, in whichever dialect it was written."""
        with self.state.lock:
            upload = self.account.uploads.at(path)
        if upload is not None and self.store.size(upload.key) is not None:
            return upload.key
        return f"{self.account.uploads.v1_prefix}/{path.removeprefix('gncv://')}"

    def upload_bytes(self, path: str) -> bytes | None:
        """What was uploaded to a ``gncv://`` path; None when nothing complete is there."""
        return self.store.data(self._key(path))

    def upload_sha256(self, path: str) -> str | None:
        """Hexadecimal sha256 of what was uploaded, for files too large for memory."""
        return self.store.sha256(self._key(path))

    def upload_status(self, path: str) -> str:
        """The status of the upload at a ``gncv://`` path; empty when there is none."""
        with self.state.lock:
            self.clock.run_due()
            upload = self.account.uploads.at(path)
            return "" if upload is None else upload.last_status.status

    def object_key(self, path: str) -> str:
        """The S3 key of a ``gncv://`` path, for ``requests.key(…)``."""
        return self._key(path)

    def open_multiparts(self) -> list[str]:
        """The S3 keys of uploads in parts that are neither completed nor aborted."""
        return self.store.open_multiparts()

    def assign(self, project: str, prefix: str = "gncv://") -> list[Sample]:
        """Do what the dashboard does in v1: assign all unassigned uploads below ``prefix`` to a project.

        ``project`` is a name, a v1 number as text, or a v2 id.
        """
        with self.state.lock:
            self.clock.run_due()
            for candidate in self.state.projects.values():
                if project in (candidate.id, candidate.name, str(candidate.number)):
                    return self.account.uploads.assign_folder(candidate, prefix)
        raise InputProblem(f"There is no project {project!r} in the sandbox")


def _run(target: Callable[[], object], name: str) -> threading.Thread:
    thread = threading.Thread(target=target, name=f"sandbox-{name}", daemon=True)
    thread.start()
    return thread


def serve(
    port: int = 0,
    s3_port: int = 0,
    scenario: str = "demo",
    faults: Iterable[str] = (),
    speed: float = 1.0,
    api_key: str = "",
) -> int:
    """Run a sandbox until SIGINT or SIGTERM; returns the exit code.

    ``api_key``: the one that it takes, to be the same after another start; a random one where it is empty.

    Prints one line of JSON when ready: host, s3_endpoint, api_key, scenario.
    """
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with Sandbox(scenario, port, s3_port, faults, speed) as sandbox:
        if api_key:
            with sandbox.state.lock:
                sandbox.state.api_keys[0].key = api_key
        ready = {
            "host": sandbox.host,
            "s3_endpoint": sandbox.s3_endpoint,
            "api_key": sandbox.api_key,
            "scenario": scenario,
        }
        print(json.dumps(ready), flush=True)
        ended.wait()
    return 0


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # A network holds little of a body; loopback would swallow megabytes, and progress would jump.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        raise InputProblem(
            f"Port {port} can't be used", error.strerror or str(error), "Choose another one, or 0 for any."
        ) from None
    listening.listen(128)
    return listening
