"""What deeds on the remote side share: what the dialect can do, and asking before doing."""

from __future__ import annotations

from collections.abc import Sequence

from gencove_tui.engine.views import Desk
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Project
from gencove_tui.tui.deeds import Doer
from gencove_tui.tui.format import clean
from gencove_tui.tui.refresher import Refresher
from gencove_tui.tui.screens.confirm import Confirm, Hit
from gencove_tui.tui.screens.pick_project import PickProject
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.projects import ProjectsPane
from gencove_tui.tui.widgets.sample_detail import DetailPane
from gencove_tui.tui.widgets.samples import SamplesPane
from gencove_tui.tui.widgets.uploads import UploadsPane


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

    def needs(
        self, capability: Capability, where: str = "Do it on Gencove's dashboard.", *, what: str = ""
    ) -> None:
        """Raise ``Problem`` with words for people where the dialect can't do it.

        ``what`` names the part of the capability that is meant, where the dialect can do the rest.
        """
        if not self.can(capability):
            dialect = self.desk.connection.dialect
            name = "this API" if dialect is None else f"API {dialect.value}"
            raise Problem(f"Not in {name}: {what or capability.value}", "", where)

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
        dialog = PickProject(
            self.desk,
            self.look,
            title,
            without=without,
            permission="project_samples_add",
            known=[project for _, project in self.projects.view.rows.items()],
        )
        return await self.screen.app.push_screen_wait(dialog)

    def chosen_project(self) -> Project:
        """The project whose samples are shown. Raises ``Problem`` when there is none."""
        if self.refresher.project is None:
            raise Problem("No project is chosen", "", "Press enter on a project first.")
        return self.refresher.project


def several(names: Sequence[str], one: str) -> str:
    """``B73`` or ``3 samples``."""
    return clean(names[0]) if len(names) == 1 and names[0] else plural(len(names), one)
