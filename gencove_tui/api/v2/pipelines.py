"""Pipelines and their capabilities: the kinds of analysis that a project can have (api-v2 §7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from gencove_tui.api.errors import bad_reply
from gencove_tui.api.text import boolean, mapping, rest, sequence, string
from gencove_tui.api.transport import component
from gencove_tui.api.v2.http import Topic, portions
from gencove_tui.model import Page

_SEARCHED_AT_ONCE = 50
_KNOWN = frozenset(
    {
        "id", "name", "key", "private", "merge_vcfs_enabled", "modifications_enabled", "species",
        "pipeline_category", "description_markdown", "supported_project_modifications", "version",
    }
)  # fmt: skip


class PipelineCapability(Struct, frozen=True, kw_only=True):
    """A kind of analysis."""

    id: str
    name: str = ""
    key: str = ""
    """Gencove's own word for it, like ``web/human/g1k_v38/v3_2_0/base``; empty in old replies."""
    private: bool = False
    merges_vcfs: bool = False
    """Whether the VCFs of a project's samples can be merged."""
    modifiable: bool = False
    modifications: tuple[tuple[str, Any], ...] = ()
    """Keys and default values of what a project may modify."""
    species: str = ""
    category: str = ""
    description_markdown: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


class Pipeline(Struct, frozen=True, kw_only=True):
    """A version of Gencove's pipeline."""

    id: str
    version: str = ""
    capabilities: tuple[PipelineCapability, ...] | None = None
    """None in list rows."""


class Pipelines(Topic):
    """What a project can be analysed with."""

    async def versions(self, *, descending: bool = True, offset: int = 0, limit: int = 200) -> Page[Pipeline]:
        """``GET /pipeline/``: a window on all versions, newest first unless asked otherwise."""
        query = {"sort_by": "created", "sort_order": "desc" if descending else "asc"}
        return await self._http.page("/pipeline/", pipeline, query, offset=offset, limit=limit)

    async def version(self, pipeline_id: str) -> Pipeline:
        """``GET /pipeline/U``: one version with its capabilities."""
        return pipeline(await self._http.object(f"/pipeline/{component(pipeline_id)}"))

    async def latest(self) -> Pipeline:
        """``GET /pipeline-latest/``: the newest version with its capabilities."""
        return pipeline(await self._http.object("/pipeline-latest/"))

    async def capabilities(self, ids: Sequence[str] | None = None) -> dict[str, PipelineCapability]:
        """``GET /pipeline-capabilities/``: by id; all of them, or those asked for as far as they exist.

        Projects carry ids only: this is how their names are found.
        """
        searches: list[dict[str, str]] = [{}]
        if ids is not None:
            unique = list(dict.fromkeys(filter(None, ids)))
            searches = [{"search": ",".join(portion)} for portion in portions(unique, _SEARCHED_AT_ONCE)]
        found: dict[str, PipelineCapability] = {}
        for search in searches:
            rows = await self._http.every("/pipeline-capabilities/", pipeline_capability, search)
            found |= {row.id: row for row in rows}
        return found

    async def capability(self, capability_id: str) -> PipelineCapability:
        """``GET /pipeline-capabilities/U``."""
        path = f"/pipeline-capabilities/{component(capability_id)}"
        return pipeline_capability(await self._http.object(path))


def pipeline(data: dict[str, Any]) -> Pipeline:
    """A row of ``/pipeline/``, or a detail."""
    identity = string(data.get("id"))
    if not identity:
        raise bad_reply("a pipeline", "$.id")
    rows = data.get("capabilities")
    return Pipeline(
        id=identity,
        version=string(data.get("version")),
        capabilities=tuple(pipeline_capability(mapping(row)) for row in rows)
        if isinstance(rows, list)
        else None,
    )


def pipeline_capability(data: dict[str, Any]) -> PipelineCapability:
    """A row of ``/pipeline-capabilities/``."""
    identity = string(data.get("id"))
    if not identity:
        raise bad_reply("a pipeline capability", "$.id")
    supported = [mapping(row) for row in sequence(data.get("supported_project_modifications"))]
    return PipelineCapability(
        id=identity,
        name=string(data.get("name")),
        key=string(data.get("key")),
        private=bool(boolean(data.get("private"))),
        merges_vcfs=bool(boolean(data.get("merge_vcfs_enabled"))),
        modifiable=bool(boolean(data.get("modifications_enabled"))),
        modifications=tuple((string(row.get("key")), row.get("value")) for row in supported),
        species=string(data.get("species")),
        category=string(data.get("pipeline_category")),
        description_markdown=string(data.get("description_markdown")),
        extra=rest(data, _KNOWN),
    )
