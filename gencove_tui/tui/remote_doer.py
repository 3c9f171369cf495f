"""What deeds on the remote side share: waiting in sight, and asking before what can't be taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, cast

from gencove_tui.engine.views import Desk
from gencove_tui.engine.views_remote import Progress
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Project
from gencove_tui.tui.deeds import Doer
from gencove_tui.tui.format import clean, plural
from gencove_tui.tui.refresher import Refresher
from gencove_tui.tui.screens.confirm import Confirm, Hit
from gencove_tui.tui.screens.pick_project import PickProject
from gencove_tui.tui.screens.working import Working
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.projects import ProjectsPane
from gencove_tui.tui.widgets.sample_detail import DetailPane
from gencove_tui.tui.widgets.samples import SamplesPane
from gencove_tui.tui.widgets.uploads import UploadsPane

T = TypeVar("T")


class Abandoned(Problem):
    """The user didn't wait for the end."""


class RemoteDoer(Doer):
    """Deeds that ask Gencove; each method runs inside a worker of the screen."""

    refresher: Refresher
    projects: ProjectsPane
    samples: SamplesPane
    detail: DetailPane
    uploads: UploadsPane
    desk: Desk
    look: Look

    def can(self, capability: Capability) -> bool:
        """Whether the dialect can do it."""
        return capability in self.desk.connection.capabilities

    def needs(self, capability: Capability, where: str = "Do it on Gencove's dashboard.") -> None:
        """Raise ``Problem`` with words for people where the dialect can't do it."""
        if not self.can(capability):
            dialect = self.desk.connection.dialect
            name = "This API" if dialect is None else f"API {dialect.value}"
            raise Problem(f"{name} can't {capability.value}", "", where)

    async def working(
        self, title: str, work: Callable[[Progress], Awaitable[T]], *, changes: bool = False
    ) -> T:
        """Wait for a request in sight. Raises its problem, or ``Abandoned`` if the user didn't wait."""
        done = await self.screen.app.push_screen_wait(Working(title, work))
        if done is None:
            remedy = "What was sent already may still take effect: look again." if changes else ""
            raise Abandoned(f"Stopped: {title[0].lower()}{title[1:]}", "", remedy)
        if done.problem is not None:
            raise done.problem
        return cast("T", done.value)

    async def sure(
        self,
        title: str,
        body: Sequence[str],
        hits: Sequence[Hit],
        *,
        verb: str,
        safe: str = "Leave it",
        bad: bool = True,
    ) -> bool:
        """Ask, with everything that it would hit."""
        question = Confirm(self.look, title, body, hits, verb=verb, safe=safe, bad=bad)
        return await self.screen.app.push_screen_wait(question)

    async def pick(self, title: str, *, without: str = "") -> Project | None:
        """Let the user choose a project where samples may be added."""
        dialog = PickProject(self.desk, self.look, title, without=without, permission="project_samples_add")
        return await self.screen.app.push_screen_wait(dialog)

    def chosen_project(self) -> Project:
        """The project whose samples are shown. Raises ``Problem`` when there is none."""
        if self.refresher.project is None:
            raise Problem("No project is chosen", "", "Press enter on a project first.")
        return self.refresher.project


def several(names: Sequence[str], one: str) -> str:
    """``B73`` or ``3 samples``."""
    return clean(names[0]) if len(names) == 1 and names[0] else plural(len(names), one)
