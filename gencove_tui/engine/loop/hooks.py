"""Commands that a rule runs for its events: JSON on stdin, a time limit, and never in the rule's way.

The event log is the queue: a hook that is slow or fails is behind, and nothing else is. After a crash it goes
on with the event after the last one that it was given; an event that was being handled comes again, with the
same ``id``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Mapping

import msgspec

from gencove_tui.engine.loop.wants import Wants
from gencove_tui.model import Event, WatchRule
from gencove_tui.store.ledger import Ledger

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Hook commands that run at the same time, over all rules."""
LONGEST_QUEUE = 10_000
"""Events of the log that a hook may be behind; older ones are passed over, and that is told."""
_LOOK_SECONDS = 0.05
"""Between two looks at whether a command has ended."""
_LAST_WORDS_SECONDS = 1.0
_SAID_BYTES = 4000
"""What is kept of a command's output."""
_SECRETS = ("GENCOVE_API_KEY", "GENCOVE_PASSWORD", "GENCOVE_TOKEN", "GENCOVE_WEBHOOK_SECRET")
"""Not handed on to a command: it reads its own if it needs any."""


class Hook:
    """The hook of one rule; ``run`` it as a task."""

    def __init__(
        self, ledger: Ledger, profile: str, rule: WatchRule, wants: Wants, slots: asyncio.Semaphore
    ) -> None:
        self._ledger = ledger
        self._profile = profile
        self._rule = rule
        self._wants = wants
        self._slots = slots
        self._news = asyncio.Event()

    def nudge(self) -> None:
        """There are new events."""
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled."""
        if self._ledger.loop.rule(self._rule.id).hook_event is None:
            self._ledger.loop.set_hook_event(self._rule.id, self._ledger.events.last_id())
        while True:
            self._news.clear()
            await self._drain()
            await self._news.wait()

    async def _drain(self) -> None:
        last = self._ledger.loop.rule(self._rule.id).hook_event or 0
        if (behind := self._behind(last)) is not None:
            self._fail(f"it is {behind[0]} events behind; the oldest are passed over")
            last = behind[1]
        while events := self._ledger.events.after(last):
            last = events[-1].id
            mine = [event for event in events if self._wanted(event)]
            for event in mine:
                await self._handle(event)
                self._ledger.loop.set_hook_event(self._rule.id, event.id)
            if not mine:
                # Only the place in the log: lost in a power cut, it is found again.
                with self._ledger.write(durable=False):
                    self._ledger.loop.set_hook_event(self._rule.id, last)

    def _behind(self, last: int) -> tuple[int, int] | None:
        """How many of its events wait, and the one after which to go on, where there are too many of them."""
        if self._ledger.events.last_id() - last <= LONGEST_QUEUE:
            return None
        wanted = []
        while events := self._ledger.events.after(last):
            last = events[-1].id
            wanted += [event.id for event in events if self._wanted(event)]
        return (len(wanted), wanted[-LONGEST_QUEUE - 1]) if len(wanted) > LONGEST_QUEUE else None

    def _wanted(self, event: Event) -> bool:
        own = event.rule_id == self._rule.id
        return own and not event.kind.startswith("hook.") and self._wants.hooks(event.kind)

    async def _handle(self, event: Event) -> None:
        async with self._slots:
            failure = await self._call(event)
        if failure:
            self._fail(failure)
        elif self._ledger.loop.rule(self._rule.id).hook_problem:
            self._ledger.loop.set_hook_problem(self._rule.id, "")
            self._tell("hook.recovered", "the hook command works again")

    def _fail(self, failure: str) -> None:
        log.warning("the hook of rule %d: %s", self._rule.id, failure)
        told = self._ledger.loop.rule(self._rule.id).hook_problem
        self._ledger.loop.set_hook_problem(self._rule.id, failure)
        if not told:  # once, until it works again
            self._tell("hook.failed", f"the hook command {self._wants.hook[0]!r} failed: {failure}")

    def _tell(self, kind: str, message: str) -> None:
        self._ledger.events.add(kind, message, rule_id=self._rule.id)

    async def _call(self, event: Event) -> str:
        """Run the command for one event; returns why it failed, or nothing."""
        loop = asyncio.get_running_loop()
        try:
            transport, protocol = await loop.subprocess_exec(
                lambda: asyncio.subprocess.SubprocessStreamProtocol(limit=1 << 16, loop=loop),
                *self._wants.hook,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment(os.environ),
                start_new_session=True,  # so that its children end with it
            )
        except (OSError, ValueError) as error:
            return f"it can't be started: {getattr(error, 'strerror', None) or error}"
        process = asyncio.subprocess.Process(transport, protocol, loop)
        said = bytearray()
        talk = asyncio.create_task(_converse(process, self.body(event), said))
        try:
            async with asyncio.timeout(self._wants.hook_seconds):
                # Not its output's end: what it leaves at work in the background may keep that open, and in
                # some versions of Python ``wait()`` waits for that as well.
                while process.returncode is None:  # noqa: ASYNC110 - nothing else tells of it
                    await asyncio.sleep(_LOOK_SECONDS)
            await asyncio.wait([talk], timeout=_LAST_WORDS_SECONDS)
        except TimeoutError:
            return f"it took longer than {self._wants.hook_seconds:g} s and was stopped"
        finally:
            if process.returncode is None:
                _end(process)
                await process.wait()
            talk.cancel()
            await asyncio.gather(talk, return_exceptions=True)
            transport.close()  # whoever has the other end may keep it
            if said:
                text = said.decode("utf-8", "replace").rstrip()
                log.info("the hook of rule %d said about %s: %s", self._rule.id, event.kind, text)
        return f"it ended with exit code {process.returncode}" if process.returncode else ""

    def body(self, event: Event) -> bytes:
        """What the command reads: one JSON object. It never holds a key or a presigned URL."""
        return msgspec.json.encode(
            {
                "event": event.kind,
                "id": event.id,
                "time": event.time,
                "severity": event.severity,
                "message": event.message,
                "profile": self._profile,
                "rule": {
                    "id": self._rule.id,
                    "name": self._rule.name,
                    "folder": self._rule.folder.encode("utf-8", "replace").decode("utf-8"),
                    "destination": str(self._rule.destination),
                    "project_id": self._wants.project_id,
                },
                "data": event.data,
            }
        )


async def _converse(process: asyncio.subprocess.Process, body: bytes, said: bytearray) -> None:
    """Write to the command and read what it says; all of it is read, the beginning is kept."""
    assert process.stdin is not None  # noqa: S101 - asked for above; tells the type checker
    assert process.stdout is not None  # noqa: S101 - likewise
    with contextlib.suppress(ConnectionError):  # it need not read
        process.stdin.write(body)
        await process.stdin.drain()
    with contextlib.suppress(ConnectionError):
        process.stdin.close()
    while piece := await process.stdout.read(1 << 16):
        said += piece[: _SAID_BYTES - len(said)]


def _end(process: asyncio.subprocess.Process) -> None:
    """End the command and whatever it left running in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: the engine's, without secrets."""
    return {name: value for name, value in environ.items() if name not in _SECRETS}
