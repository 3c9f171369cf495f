"""What is done with projects."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import structs

from gencove_tui.engine.views_remote import ProjectAct
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Dialect, Project, Sample, StatusCounts
from gencove_tui.tui.format import clean, total_size
from gencove_tui.tui.queries import PROJECT_ORDERS, describe_projects, project_fields, project_query
from gencove_tui.tui.remote_doer import RemoteDoer
from gencove_tui.tui.screens.confirm import Hit
from gencove_tui.tui.screens.download import DownloadDialog
from gencove_tui.tui.screens.form import Field, Form
from gencove_tui.tui.screens.project_sheet import ProjectSheet
from gencove_tui.tui.widgets.projects import project_name

AT_A_TIME = 3
"""Projects whose counts are asked for together."""
WORDS = {
    ProjectAct.HIDE: ("Hide", "It leaves the usual list; nothing is lost, and the same key shows it again."),
    ProjectAct.UNHIDE: ("Show", "It comes back into the usual list."),
    ProjectAct.DELETE: ("Delete", "With all its samples and results, for good. Nobody can bring it back."),
}
DONE = {ProjectAct.HIDE: "Hid", ProjectAct.UNHIDE: "Shows again:", ProjectAct.DELETE: "Deleted"}


class ProjectDeeds(RemoteDoer):
    """Looking into projects, making and changing them."""

    async def query_projects(self) -> None:
        """Ask for filters, then ask Gencove for what matches."""
        if self.desk.connection.dialect is Dialect.V1:
            raise Problem(
                "Projects can't be filtered in API v1", "it knows no states of projects", "Search them."
            )
        before = self.refresher.project_query
        form = Form("Filter projects", project_fields(before), "Filter")
        values = await self.screen.app.push_screen_wait(form)
        if values is not None:
            query = project_query(values, before)
            self.projects.show_query(describe_projects(query))
            self.refresher.ask_projects(query)

    async def clear_project_query(self) -> None:
        """No filters any more; the order stays."""
        self.projects.show_query("")
        self.refresher.ask_projects(
            structs.replace(self.refresher.project_query, status="", hidden_status="")
        )

    async def sort_projects(self, order: str) -> None:
        """Another order, by Gencove."""
        sort_by, descending = PROJECT_ORDERS[order]
        self.refresher.ask_projects(
            structs.replace(self.refresher.project_query, sort_by=sort_by, descending=descending)
        )

    async def count_projects(self, *projects: Project) -> None:
        """Ask how the samples of these projects stand, for their status bars."""
        gate = asyncio.Semaphore(AT_A_TIME)

        async def ask(project: Project) -> None:
            async with gate:
                try:
                    stats = await self.desk.project_stats(project.id)
                except Problem:
                    return  # A bar is an extra; the list itself reports trouble.
                self.projects.show_stats(project, stats)

        await asyncio.gather(*map(ask, projects))

    async def project_sheet(self, project: Project) -> None:
        """All that is known about a project, with its files."""
        detail, stats, pipeline = await self.working(
            f"Looking into {project_name(project)}", lambda _: self._look_into(project)
        )
        sheet = ProjectSheet(self.look, detail, stats, pipeline)
        if await self.screen.app.push_screen_wait(sheet):
            await self._download(detail)

    async def _look_into(self, project: Project) -> tuple[Project, StatusCounts | None, str]:
        async def stats() -> StatusCounts | None:
            try:
                return await self.desk.project_stats(project.id)
            except Problem:
                return None

        async def pipeline() -> str:
            if not project.pipeline_capability or not self.can(Capability.PIPELINES):
                return ""
            try:
                found = await self.desk.pipeline_capabilities([project.pipeline_capability])
            except Problem:
                return ""
            return found[project.pipeline_capability].name if project.pipeline_capability in found else ""

        detail, counts, name = await asyncio.gather(self.desk.project(project.id), stats(), pipeline())
        return detail, counts, name

    async def project_files(self, project: Project) -> None:
        """Choose among the project's files and queue them."""
        detail = await self.working(
            f"Looking for files of {project_name(project)}", lambda _: self.desk.project(project.id)
        )
        await self._download(detail)

    async def _download(self, project: Project) -> None:
        if not project.deliverables:
            self.say("This project has no files of its own.")
            return
        # Files of a project have no sample: they go into a folder of the project's name.
        owner = Sample(
            id="",
            client_id=project.name or project.id,
            project_id=project.id,
            deliverables=project.deliverables,
        )
        plan = await self.screen.app.push_screen_wait(DownloadDialog(self.desk, self.look, (owner,)))
        if plan:
            ids = await self.desk.queue_downloads(plan)
            total = total_size([item.deliverable.size for item in plan if not item.obstacle])
            self.say(f"Queued {plural(len(ids), 'download')}, {total}.")
            self.after()

    # --- changing them -----------------------------------------------------------------

    async def new_project(self) -> None:
        """Ask for a name and what to analyse with, then make it."""
        v1 = self.desk.connection.dialect is Dialect.V1
        choices: tuple[tuple[str, str], ...] = ()
        if not v1:
            self.needs(Capability.EDIT_PROJECTS)
            found = await self.working(
                "Looking up the pipelines", lambda _: self.desk.pipeline_capabilities()
            )
            choices = tuple(
                sorted(((i, clean(c.name or c.key)) for i, c in found.items()), key=lambda pair: pair[1])
            )
            if not choices:
                raise Problem("No pipeline is offered to this key", "", "Ask Gencove's support.")
        fields = [Field("name", "Name"), Field("description", "Description")]
        if choices:
            fields.insert(1, Field("capability", "Pipeline", choices[0][0], choices))
        form = Form("Create a project", fields, "Create", check=_check_name)
        values = await self.screen.app.push_screen_wait(form)
        if values is None:
            return
        project = await self.working(
            "Creating the project",
            lambda _: self.desk.create_project(
                values["name"], values["description"], values.get("capability", "")
            ),
            changes=True,
        )
        self.say(f"Created {project_name(project)}.")
        self.refresher.nudge("projects")

    async def edit_project(self, project: Project) -> None:
        """Another name and description."""
        fields = (
            Field("name", "Name", clean(project.name)),
            Field("description", "Description", clean(project.description)),
        )
        form = Form(f"Edit {project_name(project)}", fields, "Save", check=_check_name)
        values = await self.screen.app.push_screen_wait(form)
        if values is None or (values["name"], values["description"]) == (project.name, project.description):
            return
        await self.working(
            "Saving the project",
            lambda _: self.desk.edit_project(project.id, values["name"], values["description"]),
            changes=True,
        )
        self.say(f"Saved {clean(values['name'])}.")
        self.refresher.nudge("projects")

    async def act_on_projects(self, act: ProjectAct, *projects: Project) -> None:
        """Ask, do it, and look again."""
        self.needs(Capability.EDIT_PROJECTS, what="hide and delete projects")
        word, consequence = WORDS[act]
        title = f"{word} {_names(projects)}"
        hits = [
            Hit(
                project_name(p),
                clean(p.id),
                "" if p.sample_count is None else plural(p.sample_count, "sample"),
            )
            for p in projects
        ]
        if not await self.sure(title, [consequence], hits, verb=title, bad=act is ProjectAct.DELETE):
            return
        ids = [project.id for project in projects]
        await self.working(title, lambda _: self.desk.act_on_projects(act, ids), changes=True)
        self.say(f"{DONE[act]} {_names(projects)}.")
        self.refresher.nudge("projects")


def _names(projects: Sequence[Project]) -> str:
    return project_name(projects[0]) if len(projects) == 1 else plural(len(projects), "project")


def _check_name(values: Mapping[str, str]) -> str:
    return "" if values["name"] else "A project needs a name."
