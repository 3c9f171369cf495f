"""What is done with projects."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from gencove_tui.engine.views_remote import ProjectAct
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Dialect, Project, Sample, StatusCounts
from gencove_tui.tui.format import clean
from gencove_tui.tui.queries import PROJECT_ORDERS, describe_projects, in_order, project_fields, project_query
from gencove_tui.tui.remote_doer import RemoteDoer
from gencove_tui.tui.screens.confirm import Hit
from gencove_tui.tui.screens.download import DownloadDialog
from gencove_tui.tui.screens.form import Field, Form
from gencove_tui.tui.screens.pick_one import PickOne
from gencove_tui.tui.screens.project_sheet import ProjectSheet
from gencove_tui.tui.widgets.projects import project_name

if TYPE_CHECKING:
    from gencove_tui.api.v2.pipelines import PipelineCapability

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

    def clear_project_query(self) -> None:
        """No filters any more; the order stays."""
        self.projects.show_query("")
        self.refresher.ask_projects(
            structs.replace(self.refresher.project_query, status="", hidden_status="")
        )

    def sort_projects(self, order: str) -> None:
        """Another order, by Gencove."""
        self.refresher.ask_projects(in_order(self.refresher.project_query, PROJECT_ORDERS, order))

    async def count_projects(self, *projects: Project) -> None:
        """Ask how the samples of these projects stand, for their status bars."""
        gate = asyncio.Semaphore(AT_A_TIME)

        async def ask(project: Project) -> None:
            async with gate:
                try:
                    stats = await self.desk.project_stats(project.id)
                except Problem:  # a bar is an extra; the list itself reports trouble
                    self.projects.miss_stats(project)
                else:
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
            await self.queue(plan)

    # --- changing them -----------------------------------------------------------------

    async def new_project(self) -> None:
        """Ask for a name and what to analyse with, then make it."""
        fields = [Field("name", "Name"), Field("description", "Description")]
        pipelines: Mapping[str, PipelineCapability] = {}
        if self.desk.connection.dialect is not Dialect.V1:
            self.needs(Capability.EDIT_PROJECTS)
            pipelines = _by_name(
                await self.working("Looking up the pipelines", lambda _: self.desk.pipeline_capabilities())
            )
            if not pipelines:
                raise Problem("No pipeline is offered to this key", "", "Ask Gencove's support.")
            fields.insert(1, self._pipeline_field(pipelines))

        def check(values: Mapping[str, str]) -> str:
            wrong = _check_name(values)
            return wrong if wrong or not pipelines else _check_pipeline(values["pipeline"], pipelines)

        values = await self.screen.app.push_screen_wait(
            Form("Create a project", fields, "Create", check=check)
        )
        if values is None:
            return
        chosen = _pipelines_called(values["pipeline"], pipelines)[0].id if pipelines else ""
        project = await self.working(
            "Creating the project",
            lambda _: self.desk.create_project(values["name"], values["description"], chosen),
            changes=True,
        )
        self.say(f"Created {project_name(project)}.")
        self.projects.go_to_new(project)
        self.refresher.nudge("projects")

    def _pipeline_field(self, pipelines: Mapping[str, PipelineCapability]) -> Field:
        """Where there is only one, it is filled in; a wrong one would be costly."""
        known = {name: clean(pipeline.key) for name, pipeline in pipelines.items()}

        async def pick(text: str) -> str | None:
            search = text if _pipelines_called(text, pipelines) else ""
            return await self.screen.app.push_screen_wait(
                PickOne(self.look, "Analyse with which pipeline?", known, search=search)
            )

        only = next(iter(known)) if len(known) == 1 else ""
        return Field("pipeline", "Pipeline", only, hint="Enter lists them", pick=pick)

    async def edit_project(self, project: Project) -> None:
        """Another name and description."""
        before = {"name": project.name, "description": project.description}
        fields = [Field(key, key.capitalize(), clean(text)) for key, text in before.items()]
        form = Form(f"Edit {project_name(project)}", fields, "Save", check=_check_name)
        values = await self.screen.app.push_screen_wait(form)
        if values is None:
            return
        # What was left as it is shown stays as it is, odd characters and all.
        after = {
            key: text if values[key] == clean(text).strip() else values[key] for key, text in before.items()
        }
        if after == before:
            return
        await self.working(
            "Saving the project",
            lambda _: self.desk.edit_project(project.id, after["name"], after["description"]),
            changes=True,
        )
        self.say(f"Saved {clean(after['name'])}.")
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


def _by_name(found: Mapping[str, PipelineCapability]) -> dict[str, PipelineCapability]:
    """Pipelines by what the form shows for each, in the order of that."""
    names = Counter(clean(pipeline.name or pipeline.key) for pipeline in found.values())
    shown = {}
    for pipeline in found.values():
        name = clean(pipeline.name or pipeline.key) or pipeline.id
        shown[name if names[name] == 1 else f"{name} ({clean(pipeline.key) or pipeline.id})"] = pipeline
    return dict(sorted(shown.items()))


def _pipelines_called(text: str, pipelines: Mapping[str, PipelineCapability]) -> list[PipelineCapability]:
    """Those of exactly this name, or else all whose name begins like that."""
    if text in pipelines:
        return [pipelines[text]]
    return [one for name, one in pipelines.items() if text and name.casefold().startswith(text.casefold())]


def _check_pipeline(text: str, pipelines: Mapping[str, PipelineCapability]) -> str:
    found = _pipelines_called(text, pipelines)
    if len(found) == 1:
        return ""
    if not text:
        return "Pipeline: enter in this field lists those to choose from."
    how_many = f"{len(found)} begin" if found else "none begins"
    return f"Pipeline: {how_many} with {text!r}; enter lists them."


def _check_name(values: Mapping[str, str]) -> str:
    return "" if values["name"] else "A project needs a name."
