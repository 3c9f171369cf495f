"""Where the user was last time: taken up at the start, and kept at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import structs

from gencove_tui.model import ProjectQuery, SampleQuery
from gencove_tui.tui.actions import TABS
from gencove_tui.tui.feed import PAGE
from gencove_tui.tui.memory import Choice, Remembered
from gencove_tui.tui.queries import PROJECT_ORDERS, SAMPLE_ORDERS, describe_projects, in_order
from gencove_tui.tui.screens.download import Taste
from gencove_tui.tui.widgets.detail_sections import FILES
from gencove_tui.tui.widgets.projects import ProjectsPane
from gencove_tui.tui.widgets.sample_detail import DetailPane
from gencove_tui.tui.widgets.uploads import UploadsPane

if TYPE_CHECKING:
    from gencove_tui.tui.screens.frame import Frame

Q = TypeVar("Q", SampleQuery, ProjectQuery)


def restore(screen: Frame) -> None:
    """Take up what was remembered, as far as it still makes sense; before anything is asked for."""
    kept, arrangement, refresher = screen.remembered, screen.arrangement, screen.refresher
    arrangement.zoomed, arrangement.left, arrangement.bottom = kept.zoomed, kept.left, kept.bottom
    screen.places = dict(kept.places)
    projects = kept.project_query or ProjectQuery()
    screen.query_one(ProjectsPane).show_query(describe_projects(projects))
    refresher.project_query = in_order(projects, PROJECT_ORDERS, kept.sorts.get("projects", ""))
    refresher.sample_query = in_order(SampleQuery(), SAMPLE_ORDERS, kept.sorts.get("samples", ""))
    if kept.sample_query is not None and kept.project:
        refresher.kept = (kept.project, kept.sample_query)
    screen.query_one(UploadsPane).unassigned = kept.unassigned
    screen.query_one(DetailPane).section = kept.section or FILES
    if kept.download is not None:
        types = frozenset(kept.download.types)
        screen.deeds.last_download = Taste(types, kept.download.folder, kept.download.template)
    for name in TABS:
        screen.list_pane(name).restore(
            cursor=kept.cursors.get(name, ""),
            # The samples' filter waits for its project.
            text="" if name == "samples" else kept.filters.get(name, ""),
            sort=kept.sorts.get(name, ""),
            group=kept.groups.get(name, ""),
        )


def remember(screen: Frame) -> Remembered:
    """Where the user is now; of what has not been shown yet, where they were last time."""
    kept, arrangement, refresher = screen.remembered, screen.arrangement, screen.refresher
    lists = {name: screen.list_pane(name) for name in TABS}
    cursors = {
        name: str(key)
        for name, pane in lists.items()
        if name not in screen.places and (key := pane.table.cursor_key)
    }
    places = {name: at for name in cursors if (at := lists[name].table.cursor) >= PAGE}
    filters = {name: pane.filter_text for name, pane in lists.items() if pane.filter_text}
    if refresher.project is None and "samples" in kept.filters:
        filters["samples"] = kept.filters["samples"]
    query = refresher.sample_query if refresher.kept is None else refresher.kept[1]
    taste = screen.deeds.last_download
    return Remembered(
        places=screen.places | places,
        project_query=_unless_usual(refresher.project_query),
        sample_query=_unless_usual(query),
        unassigned=screen.query_one(UploadsPane).unassigned,
        section=screen.query_one(DetailPane).section,
        download=taste and Choice(tuple(sorted(taste.types)), taste.folder, taste.template),
        at="samples" if screen.at == "detail" else screen.at,
        zoomed=arrangement.zoomed,
        left=arrangement.left,
        bottom=arrangement.bottom,
        theme=screen.app.theme,
        project=kept.project if refresher.project is None else refresher.project.id,
        cursors=kept.cursors | cursors,
        filters=filters,
        sorts={name: pane.sort for name, pane in lists.items() if pane.sort},
        groups={name: pane.group for name, pane in lists.items() if pane.group},
    )


def _unless_usual(query: Q) -> Q | None:
    """The filters that are worth remembering: those that there are. The order is kept by its name."""
    plain = structs.replace(query, search="", sort_by="", descending=False)
    return None if plain == type(query)() else plain
