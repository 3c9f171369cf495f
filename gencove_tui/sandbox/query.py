"""Searching, filtering and sorting lists (api-v2 §4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gencove_tui.sandbox.calls import Call, invalid
from gencove_tui.sandbox.clock import parse_time
from gencove_tui.sandbox.records import Project, Sample

RESTORING = ("restore_requested", "restore_accepted", "restore_started")
_STATUS: dict[str, Callable[[Sample], bool]] = {
    "completed": lambda s: s.is_finished,
    "succeeded": lambda s: s.status == "succeeded",
    "failed": lambda s: s.status in ("failed", "failed qc"),
    "running": lambda s: not s.is_finished,
}
_ARCHIVE: dict[str, Callable[[Sample], bool]] = {
    "available": lambda s: s.is_available,
    "archived": lambda s: s.archive_status == "archived",
    "restore_requested": lambda s: s.archive_status in RESTORING,
}
_HIDDEN: dict[str, Callable[[Any], bool]] = {
    "visible": lambda row: not row.hidden,
    "hidden": lambda row: row.hidden,
}
_TIMES: dict[str, Callable[[Sample, float], bool]] = {
    "created_after": lambda s, t: s.created >= t,
    "created_before": lambda s, t: s.created <= t,
    "modified_after": lambda s, t: s.modified >= t,
    "modified_before": lambda s, t: s.modified <= t,
}
_SORT: dict[str, Callable[[Sample], Any]] = {
    "created": lambda s: (s.created, s.number),
    "modified": lambda s: (s.modified, s.number),
    "status": lambda s: (s.status, s.number),
    "client_id": lambda s: (s.client_id, s.number),
    "id": lambda s: s.id,
}
_SAMPLE_FILTERS = ("search", "status", "archive_status", "hidden_status", *_TIMES, "sort_by", "sort_order")


class SampleLists:
    """Answers queries over samples, keeping the latest results of each project while nothing changes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, dict[tuple[str, ...], list[Sample]]]] = {}

    def select(self, call: Call, project: Project) -> list[Sample]:
        """The project's samples that the query asks for, in its order; 400 for unknown filter words."""
        samples = call.state.samples(project)
        version, lists = self._kept.get(project.id, (-1, {}))
        if version != project.version:
            lists = {}
            self._kept[project.id] = (project.version, lists)
        key = tuple(call.query.get(name, "") for name in _SAMPLE_FILTERS)
        if key not in lists:
            if len(lists) > 8:
                lists.clear()
            lists[key] = self._select(call, list(samples))
        return lists[key]

    @staticmethod
    def _select(call: Call, samples: list[Sample]) -> list[Sample]:
        tests: list[Callable[[Sample], bool]] = []
        for name, words, default in (
            ("status", _STATUS, "all"),
            ("archive_status", _ARCHIVE, "all"),
            ("hidden_status", _HIDDEN, "visible"),
        ):
            word = call.choice(name, (*words, "all"), default)
            if word in words:
                tests.append(words[word])
        for name, compare in _TIMES.items():
            if text := call.query.get(name, ""):
                moment = parse_time(text)
                if moment is None:
                    raise invalid(**{name: "Enter a valid date/time."})
                tests.append(lambda s, c=compare, m=moment: c(s, m))  # type: ignore[misc] # mypy can't infer a lambda's defaults
        if search := call.query.get("search", "").lower():
            tests.append(lambda s: matches(s, search))
        chosen = [s for s in samples if all(test(s) for test in tests)]
        sort_by = call.choice("sort_by", _SORT, "created")
        order = call.choice("sort_order", ("asc", "desc"), "desc")
        chosen.sort(key=_SORT[sort_by], reverse=order == "desc")
        return chosen


def matches(sample: Sample, search: str) -> bool:
    """Whether a lower-case text is in the id, the client id or the metadata (api-v2 §4)."""
    if search in sample.client_id.lower() or search in sample.id:
        return True
    return sample.metadata is not None and search in json.dumps(sample.metadata).lower()


def select_projects(call: Call) -> list[Project]:
    """The projects that the query asks for, in its order; 400 for unknown filter words."""
    state = call.state
    rows = list(state.projects.values())
    hidden = call.choice("hidden_status", ("visible", "hidden", "all"), "visible")
    if hidden in _HIDDEN:
        rows = [p for p in rows if _HIDDEN[hidden](p)]
    status = call.choice("status", ("all", "completed", "running"), "all")
    if status != "all":
        rows = [p for p in rows if _is_running(p) is (status == "running")]
    for name, attribute in (("locked", "locked"), ("shared", "is_shared")):
        wanted = call.query.get(name, "").lower()
        if wanted in ("true", "false"):
            rows = [p for p in rows if getattr(p, attribute) is (wanted == "true")]
    if search := call.query.get("search", "").lower():
        rows = [
            p for p in rows if search in p.name.lower() or search in p.id or search in p.description.lower()
        ]
    keys: dict[str, Callable[[Project], Any]] = {
        "created": lambda p: p.created,
        "modified": state.modified,
        "name": lambda p: p.name.lower(),
        "pipeline_capabilities": lambda p: p.capability_id or "",
        "sample_count": state.sample_count,
    }
    sort_by = call.choice("sort_by", keys, "created")
    order = call.choice("sort_order", ("asc", "desc"), "desc")
    return sorted(rows, key=keys[sort_by], reverse=order == "desc")


def _is_running(project: Project) -> bool:
    return project.load is None and any(not s.is_finished for s in project.samples.values())
