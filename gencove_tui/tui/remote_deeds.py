"""Everything that a pane can ask for on the remote side, by name."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.screen import Screen

from gencove_tui.engine.views import Desk
from gencove_tui.tui.asking import Asked
from gencove_tui.tui.project_deeds import ProjectDeeds
from gencove_tui.tui.refresher import Refresher
from gencove_tui.tui.sample_deeds import SampleDeeds
from gencove_tui.tui.upload_deeds import UploadDeeds
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.projects import ProjectsPane
from gencove_tui.tui.widgets.sample_detail import DetailPane
from gencove_tui.tui.widgets.samples import SamplesPane
from gencove_tui.tui.widgets.uploads import UploadsPane

DEEDS = frozenset(
    {
        "query_samples", "clear_sample_query", "sort_samples", "mark_all_samples", "act_on_samples",
        "take_over", "export_raw", "metadata", "qc_histogram", "load_section",
        "query_projects", "clear_project_query", "sort_projects", "count_projects", "project_sheet",
        "project_files", "new_project", "edit_project", "act_on_projects",
        "load_uploads", "assign", "delete_uploads",
    }
)  # fmt: skip
"""Names of methods below that a message may call."""
_AT_ONCE = frozenset({"sort_samples", "clear_sample_query", "sort_projects", "clear_project_query"})
"""Those that only say what is to be asked next: nothing to wait for, and nothing that another may replace."""
_QUIET = frozenset({"count_projects", "load_section", "load_uploads"})
"""Those that the screen asks for by itself: the newest replaces the one before."""


class RemoteDeeds(SampleDeeds, ProjectDeeds, UploadDeeds):
    """Carries out what panes ask for."""

    def __init__(
        self,
        screen: Screen[Any],
        desk: Desk,
        look: Look,
        after: Callable[[], None],
        refresher: Refresher,
        panes: tuple[ProjectsPane, SamplesPane, DetailPane, UploadsPane],
    ) -> None:
        super().__init__(screen, desk, look, after)
        self.refresher = refresher
        self.projects, self.samples, self.detail, self.uploads = panes

    def carry_out(self, asked: Asked) -> None:
        """Begin a deed. Only one that the user waits for runs at a time."""
        if asked.deed not in DEEDS:
            raise ValueError(asked.deed)
        if asked.deed in _AT_ONCE:
            getattr(self, asked.deed)(*asked.items)
            return
        deed: Callable[..., Coroutine[Any, Any, None]] = getattr(self, asked.deed)
        if asked.deed == "count_projects":
            self._run(deed(*asked.items), group="count", exclusive=False)
        else:
            group = asked.deed if asked.deed in _QUIET else "remote"
            self._run(deed(*asked.items), group=group)
