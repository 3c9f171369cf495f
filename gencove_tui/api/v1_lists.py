"""v1's lists come whole: choosing, sorting and windowing them, and reading the upload area's names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from gencove_tui.api.s3 import StoredObject
from gencove_tui.api.text import clean
from gencove_tui.model import GNCV, GncvPath, Page, Project, ProjectQuery, Sample, SampleQuery, Upload

T = TypeVar("T")

_READ = re.compile(r"_(R[12])(?=[_.])")
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_PROJECT_ORDERS = ("name", "created", "modified", "sample_count")
_SAMPLE_ORDERS = ("created", "modified", "status", "client_id", "id")


def window(rows: Sequence[T], offset: int, limit: int) -> Page[T]:
    """A part of a list that is here as a whole."""
    items = tuple(rows[offset : offset + limit])
    return Page(items=items, offset=offset, total=len(rows), more=offset + len(items) < len(rows))


def chosen_projects(projects: Iterable[Project], query: ProjectQuery) -> list[Project]:
    """Those that match, in the wanted order."""
    chosen = [p for p in projects if _matches(query.search, p.id, p.name, p.description)]
    return _sorted(chosen, query.sort_by if query.sort_by in _PROJECT_ORDERS else "", query.descending)


def chosen_samples(samples: Iterable[Sample], query: SampleQuery) -> list[Sample]:
    """Those that match, in the wanted order."""
    chosen = [
        sample
        for sample in samples
        if _matches(query.search, sample.id, sample.client_id)
        and _has_status(sample.status, query.status)
        and _between(sample.created, query.created_after, query.created_before)
        and _between(sample.modified, query.modified_after, query.modified_before)
    ]
    return _sorted(chosen, query.sort_by if query.sort_by in _SAMPLE_ORDERS else "", query.descending)


def upload_of(item: StoredObject, root: str) -> Upload:
    """An object in the upload area; client id and read come from its name (api-v1 §5.4)."""
    key = clean(item.key.removeprefix(root).lstrip("/"))
    name = key.rsplit("/", 1)[-1]
    match = _READ.search(name)
    return Upload(
        path=GncvPath(GNCV + key),
        size=item.size,
        created=item.modified,
        client_id=name.split("_", 1)[0] if match else "",
        read=match.group(1) if match else "",
    )


def _matches(search: str, *texts: str) -> bool:
    wanted = search.casefold()
    return not wanted or any(wanted in text.casefold() for text in texts)


def _has_status(status: str, wanted: str) -> bool:
    """The filter words of v2 (api-v2 §5) on whatever words v1 uses."""
    finished = status.startswith(("succeeded", "failed"))
    if wanted == "completed":
        return finished
    if wanted == "running":
        return not finished and status != ""
    return wanted in ("", "all") or status.startswith(wanted)


def _between(moment: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    if after is not None and (moment or _EARLIEST) <= after:
        return False
    return before is None or (moment or _LATEST) < before


def _sorted(rows: list[T], name: str, descending: bool) -> list[T]:
    if name:
        rows.sort(key=lambda row: _sortable(getattr(row, name)), reverse=descending)
    return rows


def _sortable(value: object) -> tuple[bool, object]:
    """Sorts what is unknown before everything else."""
    return (value is not None, value.casefold() if isinstance(value, str) else value)
