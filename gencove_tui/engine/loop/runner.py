"""The loops of all active rules at work, beside their watchers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine.loop.assign import Assigner
from gencove_tui.engine.loop.collect import collect, report_slow, report_unsent
from gencove_tui.engine.loop.dashboard import Dashboard, tell_uploaded
from gencove_tui.engine.loop.deliver import Deliverer
from gencove_tui.engine.loop.follow import Follower
from gencove_tui.engine.loop.hooks import AT_ONCE, Hook
from gencove_tui.engine.loop.status import BEAT_SECONDS, StatusFile
from gencove_tui.engine.loop.wants import Usual, Wants, wants_of
from gencove_tui.engine.outcome import backoff
from gencove_tui.engine.words import SET_PROJECT
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Event, WatchRule

log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
"""Between two looks at the ledger for what has become due; an event of the rule's shortens it."""
_BREATH_SECONDS = 0.25
"""At least between two looks, however much happens."""
_STATUS_SECONDS = 2.0
"""At least between two writings of the status file."""
_SLOWEST_POLL = 8.0
"""How many times longer than ``poll_seconds`` a look at a quiet project waits."""
_LEFT_SECONDS = 5.0
"""Between two looks for rules that were taken out of the list with work under way."""
_THOROUGH_SECONDS = 60.0
"""Between two looks at samples that have waited for long, for a mate or for Gencove."""
_PRUNE_SECONDS = 3600.0
_LONGEST_TROUBLE = 900.0


class Profile(Struct, frozen=True, kw_only=True):
    """What the loop needs to know of the profile."""

    name: str
    state_folder: Path
    usual: Usual
    poll_seconds: float


class RuleLoop:
    """One rule: collect, assign, follow, deliver, in steps that don't stop each other."""

    def __init__(self, work: Work, profile: Profile, rule: WatchRule, wants: Wants) -> None:
        self.rule = rule
        self.wants = wants
        self._work = work
        self._status = StatusFile(work.ledger, work.disks, profile.state_folder, rule, wants)
        self._poll = profile.poll_seconds
        self._news = asyncio.Event()
        self._assigner = Assigner(work, rule.id, wants)
        self._dashboard = Dashboard(work, rule.id, wants)
        self._deliverer = Deliverer(work, rule.id, wants)
        self._follower = Follower(work, rule.id, wants)
        self._quiet = 1.0
        self._next_look = 0.0
        self._next_thorough = 0.0
        self._told_version: tuple[int, int] | None = None
        self._told_at = float("-inf")
        self._troubles: dict[str, tuple[str, str]] = {}
        self._attempts: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def nudge(self, event: Event) -> None:
        """Something happened that may concern this rule."""
        if event.kind.startswith("webhook."):
            if self.wants.project_id not in ("", str(event.data.get("project_id", ""))):
                return
            self._follower.nudge(str(i) for i in event.data.get("sample_ids", ()))
            self._next_look = 0.0
            self._not_before.pop("follow", None)
        elif event.rule_id != self.rule.id:
            return
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled."""
        self._assigner.settle_intents()
        try:
            while True:
                self._news.clear()
                await self._pass()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), min(_LOOK_SECONDS, self._poll))
                await asyncio.sleep(_BREATH_SECONDS)
        finally:
            self._status.write(running=False)

    async def _pass(self) -> None:
        await self._guarded("collect", self._collect)
        if Capability.ASSIGN in self._work.api.capabilities:
            await self._guarded("assign", self._assign)
        else:
            await self._guarded("notice", self._notice)
        # Also without a project: samples of one that the rule had before are brought to their end.
        await self._guarded("follow", self._follow)
        await self._guarded("deliver", self._deliver)
        await self._guarded("status", self._tell_status)

    async def _tell_status(self) -> None:
        now = time.monotonic()
        version = self._work.ledger.version()
        wait = BEAT_SECONDS if version == self._told_version else _STATUS_SECONDS
        if now - self._told_at >= wait:
            self._told_version, self._told_at = version, now
            self._status.write()

    async def _guarded(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        """One step. Its trouble is shown at the rule and tried again later; the other steps go on."""
        if time.monotonic() < self._not_before.get(name, 0.0):
            return
        try:
            await act()
        except Problem as failure:
            problem = await self._about_project(failure)
            delay = problem.retry_after if isinstance(problem, ApiProblem) else None
            self._stumbled(name, str(problem.what), problem.why, problem.remedy, delay)
        except Exception:  # a mistake of ours must not take the other rules down
            log.exception("the loop of rule %d hit an unexpected error in %s", self.rule.id, name)
            self._stumbled(
                name, f"gencove-tui itself hit an error ({name})", "details are in the engine's log", "", None
            )
        else:
            self._attempts.pop(name, None)
            self._not_before.pop(name, None)
            if self._troubles.pop(name, None) is not None:
                self._show_troubles()

    async def _about_project(self, problem: Problem) -> Problem:
        """The problem, or that the rule's project is gone, where that is why something was not found."""
        project_id = self.wants.project_id
        if not project_id or not isinstance(problem, ApiProblem) or problem.kind is not Kind.NOT_FOUND:
            return problem
        try:
            await self._work.api.project(project_id)
        except ApiProblem as other:
            if other.kind is Kind.NOT_FOUND:
                what = f"Project {project_id} of the rule is gone, or not open to this key"
                return Problem(what, "", f"{SET_PROJECT}.")
        return problem

    def _stumbled(self, name: str, what: str, why: str, remedy: str, delay: float | None) -> None:
        attempt = self._attempts[name] = self._attempts.get(name, 0) + 1
        pause = delay if delay is not None else backoff(attempt)
        self._not_before[name] = time.monotonic() + min(pause, _LONGEST_TROUBLE)
        text = f"{what}: {why}" if why else what
        log.info("the loop of rule %d, %s, attempt %d: %s", self.rule.id, name, attempt, text)
        self._troubles[name] = (text, remedy)
        if attempt > 1 or delay is None or delay > _LOOK_SECONDS:
            self._show_troubles()

    def _show_troubles(self) -> None:
        """Show the first trouble at the rule; each is told once, and its end too."""
        text, remedy = next(iter(self._troubles.values()), ("", ""))
        ledger = self._work.ledger
        with contextlib.suppress(Problem), ledger.write():
            if ledger.loop.set_problem(self.rule.id, text, remedy):
                kind, message = ("rule.problem", text) if text else ("rule.recovered", "the rule goes on")
                ledger.events.add(kind, message, {"remedy": remedy}, rule_id=self.rule.id)

    # --- the steps -----------------------------------------------------------------------------------------

    async def _collect(self) -> None:
        ledger = self._work.ledger
        if not self._troubles and ledger.loop.rule(self.rule.id).problem:
            self._show_troubles()  # of an engine that has ended
        thorough = time.monotonic() >= self._next_thorough
        collect(ledger, self.rule.id, self.wants, thorough=thorough)
        report_unsent(ledger, self.rule.id, self.wants)
        if thorough:
            self._next_thorough = time.monotonic() + _THOROUGH_SECONDS
            report_slow(ledger, self.rule.id)

    async def _assign(self) -> None:
        if not self._assigner.due():
            return
        await self._follower.begin()
        await self._assigner.step()
        self._look_soon()

    async def _notice(self) -> None:
        if not self.wants.project_id:
            tell_uploaded(self._work.ledger, self.rule.id)
            return
        if time.monotonic() < self._next_look or not self._dashboard.open():
            return
        if await self._dashboard.step():
            self._look_soon()

    async def _follow(self) -> None:
        if time.monotonic() < self._next_look:
            return
        open_before = self._follower.open()
        moved = await self._follower.step() if open_before else 0
        if moved:
            self._quiet = 1.0
        elif open_before:
            self._quiet = min(self._quiet * 1.5, _SLOWEST_POLL)
        self._next_look = time.monotonic() + self._poll * self._quiet

    async def _deliver(self) -> None:
        while await self._deliverer.step():
            pass

    def _look_soon(self) -> None:
        self._quiet = 1.0
        self._next_look = time.monotonic() + self._poll


class Loops:
    """The loops and hooks of all active rules; follows the ledger when rules come, change or go."""

    def __init__(self, work: Work, profile: Profile) -> None:
        self._work = work
        self._profile = profile
        self._loops: dict[int, tuple[RuleLoop, list[asyncio.Task[None]], Hook | None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._seen = work.ledger.events.last_id()
        self._prune_at = 0.0
        self._left: list[int] = []
        self._left_at = 0.0

    @property
    def busy(self) -> bool:
        """Whether rules that are in no list any more still have something under way."""
        return bool(self._left)

    async def follow(self) -> None:
        """Start, restart and stop loops so that they match the rules, and pass on what happened."""
        ledger = self._work.ledger
        rules = {rule.id: rule for rule in ledger.rules.all() if rule.active}
        # What a rule has begun is brought to its end, also when it was taken out of the list meanwhile.
        if time.monotonic() >= self._left_at:
            self._left_at = time.monotonic() + _LEFT_SECONDS
            self._left = ledger.loop.rules_left()
        found = (ledger.rules.get(rule_id) for rule_id in self._left)
        rules |= {rule.id: rule for rule in found if rule is not None and rule.active}
        for rule_id, (loop, tasks, _) in list(self._loops.items()):
            rule = rules.get(rule_id)
            if rule is None or wants_of(rule, self._profile.usual) != loop.wants or _over(tasks):
                await _stop(tasks)
                del self._loops[rule_id]
        for rule_id, rule in rules.items():
            if rule_id not in self._loops:
                self._loops[rule_id] = self._start(rule)
        self._pass_on()
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + _PRUNE_SECONDS
            ledger.events.prune()

    def _start(self, rule: WatchRule) -> tuple[RuleLoop, list[asyncio.Task[None]], Hook | None]:
        wants = wants_of(rule, self._profile.usual)
        loop = RuleLoop(self._work, self._profile, rule, wants)
        tasks = [asyncio.create_task(loop.run(), name=f"loop of rule {rule.id}")]
        hook = None
        if wants.hook:
            hook = Hook(self._work.ledger, self._profile.name, rule, wants, self._slots)
            tasks.append(asyncio.create_task(hook.run(), name=f"hook of rule {rule.id}"))
        return loop, tasks, hook

    def _pass_on(self) -> None:
        while events := self._work.ledger.events.after(self._seen):
            self._seen = events[-1].id
            for loop, _, hook in self._loops.values():
                for event in events:
                    loop.nudge(event)
                if hook is not None:
                    hook.nudge()

    async def stop(self) -> None:
        """Stop all loops; everything is in the ledger and they go on at the next start."""
        for _, tasks, _ in self._loops.values():
            await _stop(tasks)
        self._loops.clear()


def _over(tasks: list[asyncio.Task[None]]) -> bool:
    return any(task.done() for task in tasks)


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            log.error("the loop of a rule ended: %r", result)
