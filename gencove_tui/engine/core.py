"""The engine: performs what the ledger asks, alone for its profile, until it is told to stop or is idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.protocol import Gencove
from gencove_tui.config import Settings
from gencove_tui.config.bandwidth import limit_at, parse_slots
from gencove_tui.config.urls import store_complaint
from gencove_tui.engine.disks import Disks
from gencove_tui.engine.leftovers import clear_old
from gencove_tui.engine.life import Life, noted
from gencove_tui.engine.limits import Lanes, Limiter
from gencove_tui.engine.line import LINE_TOPIC, offline_notice
from gencove_tui.engine.locks import anybody_looks
from gencove_tui.engine.loop.runner import Loops, Profile
from gencove_tui.engine.loop.wants import Usual
from gencove_tui.engine.notices import Notices
from gencove_tui.engine.notify import Notifier
from gencove_tui.engine.outcome import backoff
from gencove_tui.engine.progress import WRITE_SECONDS, Board
from gencove_tui.engine.room import Room
from gencove_tui.engine.scheduler import Scheduler
from gencove_tui.engine.targets import DEFAULT_TEMPLATE
from gencove_tui.engine.watch import Watchers
from gencove_tui.engine.web import web_session
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.store.ledger import Ledger

if TYPE_CHECKING:
    import aiohttp

    from gencove_tui.api.s3 import S3Area

log = logging.getLogger(__name__)

_PASSING = frozenset({Kind.UNREACHABLE, Kind.TIMEOUT, Kind.SERVER, Kind.RATE_LIMITED, Kind.MAINTENANCE})
_IDLE_SECONDS = 10.0
"""How long an engine without work and without onlookers stays before it exits."""
_STEP_AT_LEAST = 10.0
"""Seconds after which the ledger is looked at even if nothing seems to have changed."""
_LEFTOVERS_SECONDS = 600.0
_TROUBLE_SECONDS = 1.0
_STEP_SECONDS = 0.25
"""Between two looks at the ledger's version."""


class Engine:
    """One run of the engine. ``run`` returns when it was stopped or had nothing to do.

    ``exit_when_idle``: as the child of a screen it leaves once nobody looks and nothing is to be done.
    ``wait``: as a service it waits for the end of another engine. ``notifier`` hears how it fares.
    """

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[], Awaitable[Gencove]],
        *,
        exit_when_idle: bool = False,
        wait: bool = False,
        notifier: Notifier | None = None,
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._exit_when_idle = exit_when_idle
        self._life = Life(settings.profile, settings.state_folder, notifier or Notifier(), wait=wait)
        self._timetable = parse_slots(settings.options.bandwidth)
        self._s3: S3Area | None = None
        self._s3_opening = asyncio.Lock()
        self._web: aiohttp.ClientSession | None = None

    def stop(self) -> None:
        """Ask ``run`` to return; safe to call from a signal handler of the event loop."""
        self._life.stop()

    async def run(self) -> None:
        """Work. Raises ``AlreadyRunning`` when another engine holds the profile's lock, unless it may wait.

        Told to stop, it returns within seconds, whatever goes on; what is cut short goes on next time.
        """
        lock = await self._life.lock()
        if lock is None:
            return
        with lock:
            ledger = await self._life.open_ledger()
            if ledger is None:
                return
            with ledger:
                try:
                    await self._work(ledger)
                finally:
                    self._life.leave(ledger)

    async def _work(self, ledger: Ledger) -> None:
        notices = Notices(ledger)
        api = await self._connected(notices)
        if api is None:
            return
        limiter = Limiter()
        disks = Disks()
        work = Work(
            api=api,
            ledger=ledger,
            board=Board(ledger),
            lanes=Lanes(self._settings.options.parts_at_once, limiter),
            limiter=limiter,
            disks=disks,
            room=Room(ledger, notices, disks),
            notices=notices,
            s3=self._open_s3,
            web=self._open_web,
        )
        self._api = api
        try:
            await self._serve(work)
        finally:
            disks.leave()
            await self._life.end("the connections", self._close(api))

    async def _connected(self, notices: Notices) -> Gencove | None:
        """The API connection, however long the host can't be reached; None when told to stop meanwhile."""
        attempt = 0
        while not self._life.stopping:
            try:
                api = await self._life.unless_stopped(self._linked())
                with contextlib.suppress(Problem):  # a locked ledger; the notice is not worth the start
                    notices.set(LINE_TOPIC, "")
                return api
            except ApiProblem as problem:
                if problem.kind not in _PASSING:
                    raise
                attempt += 1
                log.info("no connection yet: %s", problem)
                self._life.notifier.status(f"no connection yet: {problem.what}")
                with contextlib.suppress(Problem):
                    notices.set(LINE_TOPIC, offline_notice(problem))
            await self._life.pause(min(backoff(attempt), 60.0))
        return None

    async def _linked(self) -> Gencove:
        return await self._connect()

    async def _serve(self, work: Work) -> None:
        options = self._settings.options
        scheduler = Scheduler(
            work, uploads_at_once=options.uploads_at_once, downloads_at_once=options.downloads_at_once
        )
        watchers = Watchers(work, self._settings)
        loops = Loops(
            work,
            Profile(
                name=self._settings.profile,
                state_folder=self._settings.state_folder,
                usual=Usual(
                    folder=self._settings.download_folder,
                    template=options.download_template or DEFAULT_TEMPLATE,
                    side_files=options.sha256_files,
                ),
                poll_seconds=options.poll_seconds,
            ),
        )
        helpers = (
            asyncio.create_task(_write_progress(work.board)),
            asyncio.create_task(_clear_leftovers(work)),
        )
        seen: tuple[int, int] | None = None
        woken = False
        due = 0.0
        idle_since = time.monotonic()
        try:
            while not self._life.stopping:
                self._life.turn(work.ledger)
                try:
                    version = work.ledger.version()
                    if woken or version != seen or time.monotonic() >= due:
                        if work.ledger.engine.read().stop_wanted:
                            break
                        self._limit(work)
                        await watchers.follow()
                        await loops.follow()
                        await scheduler.step()
                        seen = version
                        due = time.monotonic() + _until_next_step(work.ledger)
                except Problem as problem:
                    # A full disk or a lock that somebody keeps: it ends by itself, the engine must not.
                    log.warning("the ledger can't be used now: %s", problem)
                    await asyncio.sleep(_TROUBLE_SECONDS)
                if scheduler.busy or watchers.busy or loops.busy:
                    idle_since = time.monotonic()
                elif self._exit_when_idle and time.monotonic() - idle_since > _IDLE_SECONDS:
                    if (
                        not anybody_looks(self._settings.state_folder)
                        and not work.room.holds
                        and _nothing_waits(work.ledger)
                    ):
                        break
                    idle_since = time.monotonic()
                woken = await scheduler.wait_for_change(_STEP_SECONDS)
        finally:
            self._life.notifier.stopping()
            await self._life.end("the watchers", watchers.stop())
            await self._life.end("the loops", loops.stop())
            await self._life.end("the transfers", scheduler.stop())
            await self._life.end("the look for room", work.room.stop())
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            with noted("the last progress"):
                work.board.write()

    def _limit(self, work: Work) -> None:
        """Follow the bytes per second that all transfers together may use now."""
        chosen = work.ledger.controls.read().bandwidth
        if chosen is None:
            chosen = limit_at(self._timetable, datetime.now())
        if work.limiter.rate != (chosen or None):
            work.limiter.rate = chosen or None
            work.lanes.follow()

    async def _open_s3(self) -> S3Area:
        from gencove_tui.api.s3 import S3Area

        async with self._s3_opening:
            if self._s3 is None:
                endpoint = self._settings.s3_endpoint
                if complaint := store_complaint(self._api.host, endpoint):
                    raise complaint
                area = S3Area(self._api.upload_credentials, endpoint_url=endpoint or None)
                self._s3 = await area.__aenter__()
            return self._s3

    def _open_web(self) -> aiohttp.ClientSession:
        if self._web is None:
            self._web = web_session()
        return self._web

    async def _close(self, api: Gencove) -> None:
        if self._s3 is not None:
            await self._s3.__aexit__(None, None, None)
        if self._web is not None:
            await self._web.close()
        await api.aclose()


def _nothing_waits(ledger: Ledger) -> bool:
    return ledger.transfers.next_retry() is None


def _until_next_step(ledger: Ledger) -> float:
    """Seconds until something is due by the clock, which may be set meanwhile: never long."""
    retry_at = ledger.transfers.next_retry()
    return _STEP_AT_LEAST if retry_at is None else min(_STEP_AT_LEAST, max(0.0, retry_at - time.time()))


async def _clear_leftovers(work: Work) -> None:
    while True:
        try:
            await clear_old(work)
        except Problem as problem:
            log.info("old leftovers are cleared another time: %s", problem)
        await asyncio.sleep(_LEFTOVERS_SECONDS)


async def _write_progress(board: Board) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(board.far.wait(), WRITE_SECONDS)
        try:
            board.write()
        except Problem as problem:
            log.warning("progress can't be written now: %s", problem)
            await asyncio.sleep(WRITE_SECONDS)
