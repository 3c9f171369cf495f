"""What is known of one sample beside its files: metadata, history, size, results to look at (api-v2 §8)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import harmless, integer, mapping, number, rest, string, strings
from gencove_tui.api.transport import component
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.http import Topic
from gencove_tui.model import Page, SampleStatus

_VARIANT = frozenset({"chromosome", "position", "rsid", "ref", "alt", "genotype_confidence", "quality"})


class TraitScore(Struct, frozen=True, kw_only=True):
    """A polygenic score."""

    trait: str
    value: float | None = None
    percentile: float | None = None
    unit: str = ""
    risk: str = ""


class Variant(Struct, frozen=True, kw_only=True):
    """One position in a sample's genome."""

    chromosome: str
    position: int | None = None
    rsid: str = ""
    ref: str = ""
    alt: tuple[str, ...] = ()
    confidence: float | None = None
    quality: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    """Genotype and further fields, verbatim."""


class SampleFacts(Topic):
    """Reading and writing what belongs to one sample."""

    async def metadata(self, sample_id: str) -> Any:
        """``GET /sample-metadata/U``: any JSON, byte for byte what was set, or None.

        Not made harmless, since it may be edited and sent back: show it as ASCII-escaped JSON only.
        """
        return (await self._http.object(f"/sample-metadata/{component(sample_id)}")).get("metadata")

    async def set_metadata(self, sample_id: str, metadata: Any) -> Any:
        """``POST /sample-metadata/U``: replace it by any JSON; returns what is there then."""
        path = f"/sample-metadata/{component(sample_id)}"
        reply = await self._http.post(path, {"metadata": metadata}, repeatable=True)
        return reply.object("metadata").get("metadata")

    async def history(self, sample_id: str) -> tuple[SampleStatus, ...]:
        """``GET /sample-statuses/U``: all statuses that the sample had, as the server orders them."""
        return await self._http.every(f"/sample-statuses/{component(sample_id)}", wire.status_step)

    async def size(self, sample_id: str) -> int | None:
        """``GET /sample-stats/U``: bytes of all its files; None when the server doesn't say."""
        data = await self._http.object(f"/sample-stats/{component(sample_id)}")
        return integer(data.get("total_size"))

    async def ancestry(self, sample_id: str) -> dict[str, Any]:
        """``GET /sample-ancestry/U``: ancestry and its metadata, verbatim but harmless."""
        data = await self._http.object(f"/sample-ancestry/{component(sample_id)}")
        return mapping(harmless(data))

    async def parentage(self, sample_id: str) -> dict[str, str]:
        """``GET /sample-parentage/U``: ``parentage_tested`` and ``parentage``, empty where unknown."""
        data = await self._http.object(f"/sample-parentage/{component(sample_id)}")
        return {name: string(data.get(name)) for name in ("parentage_tested", "parentage")}

    async def trait_scores(self, sample_id: str) -> tuple[TraitScore, ...]:
        """``GET /sample-trait-scores/U``."""
        return await self._http.every(f"/sample-trait-scores/{component(sample_id)}", _trait_score)

    async def variants(
        self,
        sample_id: str,
        *,
        chromosome: str = "",
        position: int | None = None,
        start: int | None = None,
        end: int | None = None,
        rsid: str = "",
        offset: int = 0,
        limit: int = PAGE,
    ) -> Page[Variant]:
        """``GET /sample-genomic-variants/U``: a window on the variants at a place, in a range or by rsid."""
        given: dict[str, str | int | None] = {
            "chromosome": chromosome or None,
            "position": position,
            "start_position": start,
            "end_position": end,
            "rsid": rsid or None,
        }
        query = {name: value for name, value in given.items() if value is not None}
        path = f"/sample-genomic-variants/{component(sample_id)}"
        return await self._http.page(path, _variant, query, offset=offset, limit=limit)


def _trait_score(data: dict[str, Any]) -> TraitScore:
    score = mapping(data.get("trait_score"))
    return TraitScore(
        trait=string(mapping(data.get("trait")).get("key")),
        value=number(score.get("value")),
        percentile=number(score.get("percentile")),
        unit=string(mapping(data.get("trait_unit")).get("key")),
        risk=string(data.get("risk")),
    )


def _variant(data: dict[str, Any]) -> Variant:
    return Variant(
        chromosome=string(data.get("chromosome")),
        position=integer(data.get("position")),
        rsid=string(data.get("rsid")),
        ref=string(data.get("ref")),
        alt=strings(data.get("alt")),
        confidence=number(data.get("genotype_confidence")),
        quality=number(data.get("quality")),
        extra=rest(data, _VARIANT),
    )
