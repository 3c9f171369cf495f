"""What the user does, carried out through the desk; trouble becomes a toast."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar, cast

from textual.screen import Screen
from textual.worker import get_current_worker

from gencove_tui.api.errors import ApiProblem, Kind, PartlyDone
from gencove_tui.engine.views import Desk, PlannedDownload, Snapshot
from gencove_tui.engine.views_remote import Progress
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Deliverable, Sample
from gencove_tui.tui.format import clean, local, size, total_size
from gencove_tui.tui.screens.dialogs import Choice, Question
from gencove_tui.tui.screens.download import DownloadDialog, Taste
from gencove_tui.tui.screens.upload import UploadDialog
from gencove_tui.tui.screens.working import Working
from gencove_tui.tui.toasts import Severity, say, say_problem
from gencove_tui.tui.views import Look

T = TypeVar("T")

DECIDED = "decided"
"""Group of deeds that have nothing more to ask the user."""
AT_A_TIME = 4
"""Requests for samples under way together."""
ENGINE_REST = 1.0
ENGINE_LONGEST_REST = 60.0
"""Seconds between two starts of an engine that dies, at first and at most."""
MOST_SAMPLES = 500
"""Samples that one download asks about: each costs a request before anything can be chosen."""


class Abandoned(Problem):
    """The user didn't wait for the end."""


class Doer:
    """Runs each deed as a worker of the screen, so that nothing blocks and everything can be abandoned."""

    def __init__(self, screen: Screen[Any], desk: Desk, look: Look, after: Callable[[], None]) -> None:
        self.screen = screen
        self.desk = desk
        self.look = look
        self.after = after
        """Called when a deed has changed the ledger."""

    def _run(self, deed: Coroutine[Any, Any, None], *, group: str, exclusive: bool = True) -> None:
        self.screen.run_worker(self._guard(deed), group=group, exclusive=exclusive, exit_on_error=False)

    @staticmethod
    def decided() -> None:
        """The user has answered everything: from here on no other deed of the group ends this one."""
        get_current_worker().group = DECIDED

    async def _guard(self, deed: Awaitable[None]) -> None:
        try:
            await deed
        except Abandoned as abandoned:  # as the user wished: that is no error
            self.say(str(abandoned))
        except Problem as problem:
            say_problem(self.screen.app, problem)

    async def working(
        self,
        title: str,
        work: Callable[[Progress], Awaitable[T]],
        *,
        changes: bool = False,
        doing: str = "Asking Gencove…",
    ) -> T:
        """Wait for a request in sight. Raises its problem, or ``Abandoned`` if the user didn't wait."""
        done = await self.screen.app.push_screen_wait(Working(title, work, doing))
        if done is None:
            remedy = "What was sent already may still take effect: look again." if changes else ""
            raise Abandoned(f"Stopped: {title[0].lower()}{title[1:]}", "", remedy)
        if done.problem is not None:
            raise outcome_of(title, done.problem) if changes else done.problem
        return cast("T", done.value)

    async def queue(self, plan: Sequence[PlannedDownload]) -> None:
        """Queue these downloads and say so."""
        self.decided()
        ids = await self.desk.queue_downloads(plan)
        total = total_size([item.deliverable.size for item in plan if not item.obstacle])
        self.say(f"Queued {plural(len(ids), 'download')}, {total}.")
        self.after()

    def say(self, text: str, *, title: str = "", severity: Severity = "information") -> None:
        """A toast."""
        say(self.screen.app, text, title=title, severity=severity)

    def complain(self, problem: Problem) -> None:
        """A toast about what failed."""
        say_problem(self.screen.app, problem)


def outcome_of(title: str, problem: Problem) -> Problem:
    """What became of a deed that a problem has ended: not done, or perhaps done all the same.

    Nothing that a user does by hand is repeated by itself, whatever the remedy says of other requests.
    """
    cause = ": ".join(filter(None, (problem.what, problem.why)))
    if isinstance(problem, PartlyDone):
        return Problem(f"{title}: done in part", cause, "Look at the list before you do it again.")
    if not isinstance(problem, ApiProblem):
        return Problem(f"{title}: failed", cause, problem.remedy)
    if problem.perhaps_done:
        return Problem(
            f"{title}: perhaps done", cause, "No good answer came. Look at the list before you do it again."
        )
    passing = problem.kind in (Kind.RATE_LIMITED, Kind.MAINTENANCE, Kind.TIMEOUT)
    return Problem(f"{title}: not done", cause, "Try again later." if passing else problem.remedy)


class Deeds(Doer):
    """Queueing, watching, the engine, and leaving."""

    def __init__(self, screen: Screen[Any], desk: Desk, look: Look, after: Callable[[], None]) -> None:
        super().__init__(screen, desk, look, after)
        self.last_download: Taste | None = None
        """What was chosen last time; offered again."""
        self.starting = True
        """Whether an engine is being started, or will be as soon as the screen stands."""
        self._engine_seen = False
        self._engine_due = 0.0
        self._engine_rest = ENGINE_REST
        self._leaving = False
        """Whether the engine is being stopped, or goes on without this screen."""

    # --- downloads and uploads ---------------------------------------------------------

    def download(
        self,
        samples: Sequence[Sample],
        only: Sequence[Deliverable] = (),
        queued: Callable[[], None] = lambda: None,
    ) -> None:
        """Let the user choose among the results of these samples, then queue them and call ``queued``."""
        self._run(self._download(samples, only, queued), group="dialog")

    async def _download(
        self, samples: Sequence[Sample], only: Sequence[Deliverable], queued: Callable[[], None]
    ) -> None:
        if len(samples) > MOST_SAMPLES:
            self.say(
                f"At most {MOST_SAMPLES} samples at a time, since each costs a request."
                " Mark fewer, or name them to: gencove-tui download",
                severity="warning",
            )
            return
        known: Sequence[Sample] = samples
        if missing := sum(sample.deliverables is None for sample in samples):
            title = f"Looking up the files of {plural(missing, 'sample')}"
            known = await self.working(title, lambda progress: self._with_deliverables(samples, progress))
        good = [sample for sample in known if sample.deliverables]
        if not good:
            self.say("No deliverables yet." if len(samples) == 1 else "None of them has deliverables yet.")
            return
        bare = [sample for sample in known if not sample.deliverables]
        dialog = DownloadDialog(self.desk, self.look, good, only, without=bare, last=self.last_download)
        plan = await self.screen.app.push_screen_wait(dialog)
        if plan:
            self.last_download = dialog.taste()
            await self.queue(plan)
            queued()

    async def _with_deliverables(self, samples: Sequence[Sample], progress: Progress) -> list[Sample]:
        """The same samples with what they have to download, a few requests at a time.

        Those that can't be looked up are told and left out; raises ``Problem`` when none can.
        """
        gate = asyncio.Semaphore(AT_A_TIME)
        total = sum(sample.deliverables is None for sample in samples)
        done = 0
        failed: list[tuple[Sample, Problem]] = []

        async def ask(sample: Sample) -> Sample | None:
            if sample.deliverables is not None:
                return sample
            async with gate:
                try:
                    found = await self.desk.sample(sample.project_id, sample.id)
                except Problem as problem:
                    failed.append((sample, problem))
                    found = None
            nonlocal done
            done += 1
            if total > 1:
                progress(done, total)
            return found

        found = [sample for sample in await asyncio.gather(*map(ask, samples)) if sample is not None]
        if failed:
            sample, problem = failed[0]
            if not found:
                raise problem
            others = f" and {plural(len(failed) - 1, 'other')}" * (len(failed) > 1)
            what = f"{clean(sample.client_id) or clean(sample.id)}{others} can't be looked up"
            self.complain(Problem(what, str(problem), "The rest is offered."))
        return found

    def upload(self) -> None:
        """Let the user choose what to upload and where to, then queue it."""
        self._run(self._upload(), group="dialog")

    async def _upload(self) -> None:
        # Not the last upload's place, nor a rule's: two runs in one folder are hard to tell apart.
        destination = f"gncv://{local(self.look.clock()):%Y-%m-%d}/"
        plan = await self.screen.app.push_screen_wait(UploadDialog(self.desk, self.look, destination))
        if plan:
            self.decided()
            ids = await self.desk.queue_uploads(plan)
            total = sum(item.size for item in plan if not item.obstacle)
            self.say(f"Queued {plural(len(ids), 'upload')}, {size(total)}.")
            self.after()

    # --- the engine and the end --------------------------------------------------------

    def start_engine(self) -> None:
        """See that an engine runs."""
        self._run(self._start_engine(), group="engine")

    async def _start_engine(self) -> None:
        self.starting = True
        try:
            await self.desk.ensure_engine()
        finally:
            self.starting = False
            self.after()

    def restart_engine(self) -> None:
        """Stop the engine and start one of this version."""
        self._run(self._restart_engine(), group="engine")

    async def _restart_engine(self) -> None:
        self.say("Starting the engine anew. What has been moved is kept.")
        self.starting = True
        try:
            engine = await self.desk.restart_engine()
        finally:
            self.starting = False
        self.say(
            f"The engine runs, version {clean(engine.version)}." if engine.version else "The engine runs."
        )
        self.after()

    def keep_engine(self, snapshot: Snapshot) -> None:
        """Start the engine again if it died while there is work for it.

        The rests between tries grow, until one of its lives was longer than the longest rest.
        """
        now = time.monotonic()
        if snapshot.engine.alive:
            self._engine_seen = True
            return
        work = snapshot.totals.unfinished or any(view.rule.active for view in snapshot.rules)
        if not self._engine_seen or not work or self._leaving or self.starting or now < self._engine_due:
            return
        lasted = now - self._engine_due > ENGINE_LONGEST_REST
        self._engine_rest = ENGINE_REST if lasted else min(ENGINE_LONGEST_REST, self._engine_rest * 2)
        self._engine_due = now + self._engine_rest
        self.say("Its work goes on where it was.", title="The engine had stopped; it is started again")
        self.start_engine()

    def leave(self, snapshot: Snapshot | None, *, lasting: bool) -> None:
        """Quit; ask first what becomes of work in flight. ``lasting``: it can go on without a screen."""
        if self._leaving:
            self.say("The engine is still being stopped: this screen ends with it.")
            return
        self._run(self._leave(snapshot, lasting), group="leave")

    async def _leave(self, snapshot: Snapshot | None, lasting: bool) -> None:
        app = self.screen.app
        unfinished = 0 if snapshot is None else snapshot.totals.unfinished
        rules = sum(view.rule.active for view in snapshot.rules) if snapshot is not None and lasting else 0
        if not unfinished and not rules:
            app.exit()
            return
        if snapshot is not None and snapshot.engine.service and lasting:  # nothing depends on this screen
            app.exit(message=_left_behind(unfinished, rules))
            return
        body = []
        if snapshot is not None and unfinished:
            body.append(
                f"{plural(unfinished, 'transfer')} unfinished, {size(snapshot.totals.bytes_left)} left."
            )
        if rules:
            body.append(f"Watching {plural(rules, 'folder')} for new files.")
        ways = (
            (Choice("background", "Keep going in the background"), Choice("stop", "Stop and resume later"))
            if lasting
            else (Choice("background", "Quit and drop what is unfinished", bad=True),)
        )
        question = Question("Quit with work in flight", body, (Choice("stay", "Stay"), *ways))
        answer = await app.push_screen_wait(question)
        if answer == "stop":
            await self._stop_engine()
            app.exit(message=_left_waiting(unfinished, rules))
        elif answer == "background":
            self._leaving = True
            app.exit(message=_left_behind(unfinished, rules) if lasting else None)

    async def _stop_engine(self) -> None:
        self._leaving = True
        try:
            self.say("Stopping the engine. What has been moved is kept.")
            await self.desk.stop_engine()
        except BaseException:
            self._leaving = False  # this screen stays, and keeps an engine
            raise


def _left_waiting(transfers: int, rules: int) -> str:
    """What the shell is told about work that rests."""
    verb = "waits" if transfers + rules == 1 else "wait"
    return f"{_work(transfers, rules)} {verb}. gencove-tui goes on where it was."


def _work(transfers: int, rules: int) -> str:
    return " and ".join(filter(None, (plural(transfers, "transfer") if transfers else "", _watching(rules))))


def _left_behind(transfers: int, rules: int) -> str:
    """What the shell is told about work that goes on."""
    what = _work(transfers, rules)
    verb = "goes" if transfers + rules == 1 else "go"
    return f"{what} {verb} on in the background. Look at it with: gencove-tui transfers list"


def _watching(rules: int) -> str:
    return f"watching {plural(rules, 'folder')}" if rules else ""
