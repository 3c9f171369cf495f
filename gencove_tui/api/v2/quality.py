"""Quality control: of one sample, and over a project (api-v2 §8)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import bad_reply
from gencove_tui.api.text import boolean, integer, mapping, number, sequence, string
from gencove_tui.api.transport import component
from gencove_tui.api.v2.http import Topic, words
from gencove_tui.model import SampleQuery


class QcType(Struct, frozen=True, kw_only=True):
    """A metric."""

    key: str
    type: str = ""
    """``min``, ``max``, ``bool`` …: how measured and expected value are compared."""
    name: str = ""
    description_markdown: str = ""
    display_type: str = ""
    only_if_failed: bool = False
    """Gencove shows it only where it failed."""


class QualityControl(Struct, frozen=True, kw_only=True):
    """The outcome of one metric for one sample."""

    type: QcType
    status: str = ""
    """``succeeded``, ``failed``, ``skipped`` and perhaps others (api-v2 §5)."""
    expected: float | None = None
    measured: float | None = None
    text: str = ""
    """The value of metrics that are no numbers; empty for all others."""


class Histogram(Struct, frozen=True, kw_only=True):
    """How a metric's values are spread; one more edge than counts, or none of either."""

    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


class Quality(Topic):
    """Measured against expected."""

    async def of_sample(self, sample_id: str) -> tuple[QualityControl, ...]:
        """``GET /sample-quality-controls/U``: all metrics of a sample."""
        return await self._http.every(_path(sample_id), quality_control)

    async def document(self, sample_id: str) -> list[Any]:
        """The same rows as they came, for saving as JSON like the official client does (api-v2 §9)."""
        return list(await self._http.every(_path(sample_id), dict))

    async def types(self, project_id: str) -> tuple[QcType, ...]:
        """``GET /project-qc-types/U``: the metrics of a project."""
        return await self._http.every(f"/project-qc-types/{component(project_id)}", qc_type)

    async def histogram(
        self, project_id: str, qc_type: str, query: SampleQuery = SampleQuery(), *, newest: int = 200
    ) -> Histogram:
        """``GET /project-quality-control-histogram/U``: one metric over the newest samples that match."""
        asked = {name: value for name, value in words(query).items() if not name.startswith("sort_")}
        path = f"/project-quality-control-histogram/{component(project_id)}"
        data = await self._http.object(path, asked | {"qc_type": qc_type, "number_of_results": newest})
        return histogram(data)


def _path(sample_id: str) -> str:
    return f"/sample-quality-controls/{component(sample_id)}"


def qc_type(data: dict[str, Any]) -> QcType:
    """A row of ``/project-qc-types/U``; old ones have only key and type."""
    return QcType(
        key=string(data.get("key")),
        type=string(data.get("type")),
        name=string(data.get("name")),
        description_markdown=string(data.get("description_markdown")),
        display_type=string(data.get("display_type")),
        only_if_failed=bool(boolean(data.get("display_only_if_failed"))),
    )


def quality_control(data: dict[str, Any]) -> QualityControl:
    """A row of ``/sample-quality-controls/U``."""
    outcome = mapping(data.get("quality_control"))
    return QualityControl(
        type=qc_type(mapping(data.get("quality_control_type"))),
        status=string(outcome.get("status")),
        expected=number(outcome.get("value_expected")),
        measured=number(outcome.get("value_measured")),
        text=string(outcome.get("value_string")),
    )


def histogram(data: dict[str, Any]) -> Histogram:
    """``bin_edges`` and ``hist``. Raises ``ApiProblem`` when they don't fit together."""
    edges = [number(edge) for edge in sequence(data.get("bin_edges"))]
    counts = [integer(count) for count in sequence(data.get("hist"))]
    good_edges = tuple(edge for edge in edges if edge is not None)
    good_counts = tuple(count for count in counts if count is not None)
    if not good_edges and not good_counts:
        return Histogram()
    fits = len(good_edges) == len(good_counts) + 1
    if not fits or len(good_edges) < len(edges) or len(good_counts) < len(counts):
        raise bad_reply("a histogram", "$.bin_edges")
    return Histogram(edges=good_edges, counts=good_counts)
