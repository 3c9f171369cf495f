"""v2: results that are shown rather than downloaded (api-v2 §8: known from the OpenAPI only)."""

from __future__ import annotations

import random
from typing import Any

from gencove_tui.sandbox.calls import Call, Reply, Routes, not_found
from gencove_tui.sandbox.records import Sample

routes = Routes("/api/v2")
_VARIANTS = 500


def _analysed(call: Call) -> tuple[Sample, random.Random]:
    sample = call.sample()
    if sample.status != "succeeded":
        raise not_found()
    return sample, random.Random(f"{sample.id} {call.path}")  # noqa: S311 - repeatable results, not a secret


@routes("GET", "/sample-ancestry/{sample_id}")
def ancestry(call: Call) -> Reply:
    """Shares of populations."""
    _, dice = _analysed(call)
    east = round(dice.random(), 3)
    value = {"EUR": round(1 - east, 3), "EAS": east}
    return Reply(200, {"ancestry": {"value": value}, "metadata": {"value": {"version": "1"}}})


@routes("GET", "/sample-parentage/{sample_id}")
def parentage(call: Call) -> Reply:
    """Tests for parents; the sandbox's animals know none."""
    _analysed(call)
    return Reply(200, {"parentage_tested": "", "parentage": ""})


@routes("GET", "/sample-trait-scores/{sample_id}")
def trait_scores(call: Call) -> Reply:
    """Polygenic scores."""
    _, dice = _analysed(call)
    rows: list[dict[str, Any]] = [
        {
            "trait_score": {
                "value": round(dice.gauss(0, 1), 4),
                "percentile": round(dice.uniform(0, 100), 1),
            },
            "trait_distribution": {"value": {"mean": 0, "sd": 1}, "version": "1"},
            "trait": {"key": key},
            "trait_unit": {"key": "score"},
            "risk": None,
        }
        for key in ("height", "bmi", "ldl")
    ]
    return call.page(rows, dict)


@routes("GET", "/sample-genomic-variants/{sample_id}")
def variants(call: Call) -> Reply:
    """Variants, narrowed by chromosome, position, range or rsid."""
    _, dice = _analysed(call)
    rows = [_variant(dice, number) for number in range(_VARIANTS)]
    query = call.query
    if chromosome := query.get("chromosome"):
        rows = [r for r in rows if r["chromosome"] == chromosome]
    if rsid := query.get("rsid"):
        rows = [r for r in rows if r["rsid"] == rsid]
    if "position" in query:
        rows = [r for r in rows if r["position"] == call.whole("position", -1)]
    low, high = call.whole("start_position", 0), call.whole("end_position", 10**9 - 1)
    rows = [r for r in rows if low <= r["position"] <= high]
    return call.page(rows, dict)


def _variant(dice: random.Random, number: int) -> dict[str, Any]:
    ref, alt = dice.sample("ACGT", 2)
    return {
        "chromosome": f"chr{number * 22 // _VARIANTS + 1}",
        "position": 10_000 + number * 5000 + dice.randrange(5000),
        "rsid": f"rs{dice.randrange(10**8)}" if number % 5 else None,
        "ref": ref,
        "alt": [alt],
        "genotype": {"GT": dice.choice(("0/0", "0/1", "1/1"))},
        "genotype_confidence": round(dice.random(), 3),
        "quality": None,
        "info": {"RAF": round(dice.random(), 4)},
    }
