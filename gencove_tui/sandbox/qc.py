"""Quality-control types and results (api-v2 §8)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from gencove_tui.sandbox.records import Sample


@dataclass(frozen=True)
class QcType:
    """A quality-control metric and how its values are made."""

    key: str
    type: str
    name: str
    expected: float | None = None
    spread: tuple[float, float] = (0.0, 1.0)

    def as_object(self) -> dict[str, Any]:
        """The type as the API shows it."""
        return {
            "key": self.key,
            "type": self.type,
            "name": self.name,
            "description_markdown": f"{self.name}.",
            "display_type": {"bool": "boolean", "str": "string"}.get(self.type, "number"),
            "display_only_if_failed": False,
        }


TYPES = (
    QcType("format", "bool", "Valid FASTQ format"),
    QcType("bases_min", "min", "Minimum number of bases", 1e8, (2e8, 3e9)),
    QcType("snps_min", "min", "Minimum number of SNPs", 7e4, (1e5, 9e5)),
    QcType("effective_coverage_min", "min", "Minimum effective coverage", 0.1, (0.2, 1.2)),
    QcType("fraction_contamination_max", "max", "Maximum contamination", 0.1, (0.0, 0.04)),
    QcType("call_rate_min", "min", "Minimum call rate", 0.9, (0.95, 0.999)),
    QcType("sex_string", "str", "Sex"),
)
CAN_FAIL = tuple(kind.key for kind in TYPES if kind.type != "str")
BY_KEY = {kind.key: kind for kind in TYPES}


def value(sample: Sample, kind: QcType) -> float | None:
    """What was measured; None for a metric that isn't a number or a sample that isn't analysed."""
    if kind.expected is None or not sample.is_finished:
        return None
    low, high = kind.spread
    dice = random.Random(f"{sample.id} {kind.key}")  # noqa: S311 - repeatable values, not a secret
    measured = dice.uniform(low, high)
    if kind.key in sample.failed_qc:
        measured = kind.expected * (dice.uniform(0.1, 0.9) if kind.type == "min" else dice.uniform(1.2, 3))
    return round(measured, 4)


def text(sample: Sample, kind: QcType) -> str:
    """The value of a metric that is a text."""
    return ("female", "male")[len(sample.client_id) % 2] if kind.type == "str" else ""


def results(sample: Sample) -> list[dict[str, Any]]:
    """The rows of a sample: none before its analysis ended, only the failed one after a bad format."""
    if sample.status not in ("succeeded", "failed qc"):
        return []
    kinds = [BY_KEY["format"]] if "format" in sample.failed_qc else list(TYPES)
    return [
        {
            "quality_control_type": kind.as_object(),
            "quality_control": {
                "value_expected": kind.expected,
                "value_measured": value(sample, kind),
                "value_string": text(sample, kind),
                "status": _status(sample, kind),
            },
        }
        for kind in kinds
    ]


def _status(sample: Sample, kind: QcType) -> str:
    if kind.key in sample.failed_qc:
        return "failed"
    return "skipped" if kind.type == "str" and sample.failed_qc else "succeeded"
