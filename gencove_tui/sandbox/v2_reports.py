"""v2: reports and statistics over samples (api-v2 §8)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime

from gencove_tui.sandbox import qc
from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid
from gencove_tui.sandbox.records import Sample

routes = Routes("/api/v2")
_DEFAULT = (
    "id", "client_id", "project_id", "year", "month", "day", "status", "sex_string", "snps_min",
    "bases_dedup_mapped_min", "call_rate_min", "effective_coverage_min", "raw_coverage", "ancestries",
)  # fmt: skip
_MORE = (
    "bases_min", "bases_max", "bases_dedup_min", "fraction_contamination_max", "hzy_max", "cc_min",
    "nhref_min", "nhet_max", "nhalt_min", "pct_target_bases_30x_min", "pathogenic_min",
)  # fmt: skip
_BINS = 20


@routes("GET", "/project-qc-types/{project_id}")
def qc_types(call: Call) -> Reply:
    """The quality-control metrics of a project."""
    call.project()
    return call.page(qc.TYPES, lambda kind: kind.as_object())


@routes("GET", "/project-quality-control-histogram/{project_id}")
def histogram(call: Call) -> Reply:
    """How the values of one metric are spread over the newest samples."""
    project = call.project()
    kind = qc.BY_KEY.get(call.query.get("qc_type", ""))
    if kind is None:
        raise invalid(qc_type="This field is required." if "qc_type" not in call.query else "Unknown type.")
    samples = call.account.sample_lists.select(call, project)[: call.whole("number_of_results", 200)]
    values = [v for v in (qc.value(s, kind) for s in samples) if v is not None]
    if not values:
        return Reply(200, {"bin_edges": [], "hist": []})
    low, high = min(values), max(values)
    width = (high - low) / _BINS or 1.0
    counts = Counter(min(_BINS - 1, int((v - low) / width)) for v in values)
    edges = [low + width * n for n in range(_BINS + 1)]
    return Reply(200, {"bin_edges": edges, "hist": [counts[n] for n in range(_BINS)]})


@routes("GET", "/project-qc-report/{project_id}")
def qc_report(call: Call) -> Reply:
    """A table of quality control over a project's samples."""
    project = call.project()
    columns = [name for text in call.all("columns") for name in text.split(",") if name] or list(_DEFAULT)
    bad = [name for name in columns if name not in (*_DEFAULT, *_MORE)]
    if bad:
        known = ", ".join((*_DEFAULT, *_MORE))
        raise Refused(400, [f"Invalid columns: {', '.join(bad)}. Valid columns are: {known}."])
    samples = [s for s in call.state.samples(project) if s.is_finished and not s.hidden]
    rows = [[_cell(sample, name) for name in columns] for sample in samples]
    return _csv("project-qc-report.csv", [columns, *rows])


def _cell(sample: Sample, column: str) -> str:
    moment = datetime.fromtimestamp(sample.modified, UTC)
    plain = {
        "id": sample.id,
        "client_id": sample.client_id,
        "project_id": sample.project_id,
        "year": str(moment.year),
        "month": str(moment.month),
        "day": str(moment.day),
        "status": sample.status,
        "sex_string": qc.text(sample, qc.BY_KEY["sex_string"]),
    }
    if column in plain:
        return plain[column]
    kind = qc.BY_KEY.get(column)
    value = qc.value(sample, kind) if kind is not None else None
    return "" if value is None else str(value)


@routes("GET", "/organization-monthly-usage-report/")
def usage(call: Call) -> Reply:
    """Finished samples of each month; without dates, of the last twelve."""
    given = [call.query.get(name) for name in ("from", "to")]
    if (given[0] is None) is not (given[1] is None):
        raise Refused(400, {"error": "Must provide both 'from' and 'to' query parameters, or neither."})
    today = datetime.fromtimestamp(call.state.clock.now(), UTC)
    last = _month(given[1]) if given[1] else today.year * 12 + today.month - 1
    first = _month(given[0]) if given[0] else last - 11
    if not first <= last < first + 1200:
        raise Refused(400, {"error": "'from' must not be after 'to'."})
    finished: Counter[tuple[int, bool]] = Counter()
    for project in call.state.projects.values():
        for sample in call.state.samples(project):
            if sample.is_finished:
                moment = datetime.fromtimestamp(sample.modified, UTC)
                finished[moment.year * 12 + moment.month - 1, sample.status == "succeeded"] += 1
    rows = [
        [str(month // 12), str(month % 12 + 1), str(finished[month, True]), str(finished[month, False])]
        for month in range(first, last + 1)
    ]
    return _csv("report.csv", [["year", "month", "succeeded_samples", "failed_samples"], *rows])


def _month(text: str) -> int:
    """Months since year 0 of a ``YYYY-MM``."""
    try:
        moment = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(400, {"error": "Dates must be given as YYYY-MM."}) from None
    return moment.year * 12 + moment.month - 1


def _csv(name: str, rows: list[list[str]]) -> Reply:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Reply(200, text.getvalue().encode(), headers, "text/csv")
