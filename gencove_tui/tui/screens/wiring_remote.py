"""What the panes about Gencove are told and what becomes of what they ask for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from textual import on

from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Project
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.format import clean
from gencove_tui.tui.messages import ConnectionChanged, ListChanged, SampleChanged, StatsChanged
from gencove_tui.tui.queries import describe_samples
from gencove_tui.tui.remote_deeds import RemoteDeeds
from gencove_tui.tui.screens.frame import Frame
from gencove_tui.tui.views import ListView
from gencove_tui.tui.widgets.list_pane import ListPane
from gencove_tui.tui.widgets.projects import ProjectsPane
from gencove_tui.tui.widgets.sample_detail import DetailPane
from gencove_tui.tui.widgets.samples import SamplesPane
from gencove_tui.tui.widgets.uploads import UploadsPane
from gencove_tui.tui.widgets.virtual_table import VirtualTable


class RemoteWiring(Frame):
    """Projects, samples, the sample's detail and the upload area."""

    _found: tuple[str, str, str] | None = None
    """Pane, key and name of what the cursor was on when a search ended."""

    @cached_property
    def remote(self) -> RemoteDeeds:
        """Carries out what these panes ask for."""
        panes = (
            self.query_one(ProjectsPane),
            self.samples,
            self.query_one(DetailPane),
            self.query_one(UploadsPane),
        )
        return RemoteDeeds(self, self.desk, self.look, self.refresher.ledger.look, self.refresher, panes)

    def stop_waiting(self, why: Problem) -> bool:
        """Also the sections of a sample, and the whole upload area."""
        detail, uploads = self.query_one(DetailPane), self.query_one(UploadsPane)
        if super().stop_waiting(why):
            return True
        if self.at == "detail" and detail.section_waits and detail.view.sample is not None:
            self.workers.cancel_group(self, "load_section")
            detail.show_section(detail.view.sample.id, detail.section, None, why)
            return True
        if self.at == "uploads" and uploads.under_way:
            self.workers.cancel_group(self, "load_uploads")
            uploads.end_loading(clean(str(why)))
            return True
        return False

    @on(Asked)
    def _asked(self, event: Asked) -> None:
        self.remote.carry_out(event)

    # --- data in -----------------------------------------------------------------------

    @on(ListChanged)
    def _list_changed(self, event: ListChanged) -> None:
        pane = self.list_pane(event.name)
        if not len(event.view.rows):
            pane.table.expect_the_same()  # the same list comes again, in another order or with more in it
        pane.show(event.view)
        if event.name == "projects":
            self._renew_project(event.view)
        self._find_place(pane)
        self._say_where(pane)
        self.tell_bars()

    def _renew_project(self, view: ListView[Project]) -> None:
        """The project whose samples are shown may have another name by now."""
        chosen = self.refresher.project
        for _, project in view.rows.items():
            if chosen is not None and project.id == chosen.id and project != chosen:
                self.refresher.choose_project(project)
                self.samples.show_project(project, self.samples.stats)

    def _find_place(self, pane: ListPane[Any]) -> None:
        """Back to the row of last time, if it lies beyond the first page."""
        if pane.NAME not in self.places or pane.view.fetched is None or pane.view.stale:
            return
        project = self.refresher.project
        if pane.NAME == "samples" and project is None:
            return
        place = self.places.pop(pane.NAME)
        if pane.NAME == "samples" and project is not None and project.id != self.remembered.project:
            return
        key = self.remembered.cursors.get(pane.NAME, "")
        if pane.table.cursor == 0 and place < len(pane.source) and pane.source.place(key) is None:
            pane.table.expect(key)  # near that number, once its page is here
            pane.table.move_to(place)

    def _say_where(self, pane: ListPane[Any]) -> None:
        """After a search: the cursor is still on what was found, or it is said why not."""
        view = pane.view
        if self._found is None or self._found[0] != pane.NAME or view.busy or view.fetched is None:
            return
        _, key, name = self._found
        self._found = None
        if not view.search and pane.table.cursor_key != key and pane.source.place(key) is None:
            key_name = self.look.keys.key("filter")
            rows = plural(view.rows.loaded, "row")
            self.deeds.say(f"{name} is not among the {rows} loaded so far; {key_name} finds it again.")

    @on(SampleChanged)
    def _sample_changed(self, event: SampleChanged) -> None:
        self.query_one(DetailPane).show(event.view)

    @on(StatsChanged)
    def _stats_changed(self, event: StatsChanged) -> None:
        project = self.refresher.project
        if project is not None and project.id == event.project_id:
            self.samples.show_project(project, event.stats)

    @on(ConnectionChanged)
    def _connection_changed(self, event: ConnectionChanged) -> None:
        self.connection = event.connection
        able = event.connection.capabilities
        self.list_pane("projects").let_server_search(Capability.SEARCH_PROJECTS in able)
        self.samples.let_server_search(Capability.SEARCH_SAMPLES in able)
        if event.connection.dialect is not None:  # until then nothing is known, also not what is missing
            self.query_one(DetailPane).let_show(able)
        organization = event.connection.organization
        days = None if organization is None else organization.expire_uploads_period_days
        self.query_one(UploadsPane).let_keep(days)
        self.query_one(ProjectsPane).want_stats()
        self.tell_connection()
        self.tell_bars()

    # --- what panes report -------------------------------------------------------------

    @on(ProjectsPane.Chosen)
    def _project_chosen(self, event: ProjectsPane.Chosen) -> None:
        self.follower.project(event.project, opened=event.opened, beside=self.panes["samples"].display)
        if event.opened:
            self.go_to("samples")

    @on(SamplesPane.Chosen)
    def _sample_chosen(self, event: SamplesPane.Chosen) -> None:
        self.follower.sample(event.sample, opened=event.opened, beside=self.panes["detail"].display)
        if event.opened:
            self.go_to("detail")

    def show_project(self, project: Project) -> None:
        """The samples pane is about another project: its filter goes, unless it was kept for this one."""
        kept = self.remembered.filters.pop("samples", "")
        self.samples.drop_filter(search=False)
        self.samples.show_project(project, None)
        if self.refresher.kept is not None and self.refresher.kept[0] == project.id:
            self.samples.show_query(describe_samples(self.refresher.kept[1]))
        if kept and project.id == self.remembered.project:
            self.samples.filter_by(kept)

    def show_sample(self, project: Project, sample_id: str) -> None:
        """Go to a sample of another project."""
        self.follower.project(project, opened=True, beside=False)
        self.samples.table.expect(sample_id)
        self.go_to("samples")

    @on(ListPane.Searched)
    def _searched(self, event: ListPane.Searched) -> None:
        pane = self.list_pane(event.pane)
        here = pane.current() if not event.text else None
        if here is not None and self.panes[event.pane].display:
            words = [cell.text for cell in pane.cells_of(here) if cell.text]
            self._found = (event.pane, pane.key_of(here), words[0] if words else "It")
        self.refresher.search(event.pane, event.text)

    @on(VirtualTable.WindowNeeded)
    def _window_needed(self, event: VirtualTable.WindowNeeded) -> None:
        name = (event.table.id or "").removesuffix("-table")
        pane = self.panes.get(name)
        if isinstance(pane, ListPane) and pane.rows_in_view() == (event.first, event.last):
            self.refresher.need(name, event.first, event.last)

    @on(SamplesPane.DownloadAsked)
    def _samples_wanted(self, event: SamplesPane.DownloadAsked) -> None:
        self.deeds.download(event.samples, queued=self.samples.table.clear_marks)

    @on(DetailPane.DownloadAsked)
    def _files_wanted(self, event: DetailPane.DownloadAsked) -> None:
        self.deeds.download((event.sample,), event.deliverables)
