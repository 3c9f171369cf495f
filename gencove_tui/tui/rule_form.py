"""The form of a watch rule: its fields, the terms that they stand for, what is wrong or doubtful in them."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from gencove_tui.config import check_rule_name, check_terms
from gencove_tui.engine.looking import DiskSilent, look
from gencove_tui.engine.loop.wants import Wants
from gencove_tui.engine.words import why_not_looked
from gencove_tui.errors import Problem
from gencove_tui.model import NETWORK_SETTLE, GncvPath, RuleTerms, WatchRule
from gencove_tui.tui.format import clean
from gencove_tui.tui.json_text import json_text
from gencove_tui.tui.rule_words import HYPHENATED, JOINED, LABELS
from gencove_tui.tui.screens.form import Field
from gencove_tui.tui.screens.paths import typed_path

_CHECKS = (("full", "every record"), ("gzip", "the gzip stream"), ("none", "not at all"))
_LANES = (("no", "one file each"), ("yes", JOINED))
_HYPHENS = (("no", "as they are"), ("yes", HYPHENATED))
_ALIKE = 1
"""Names at most that are proposed for a misspelt one."""

Pick = Callable[[str], Awaitable[str | None]]


def fields_of(rule: WatchRule | None, *, project: str = "", pick: Pick | None = None) -> list[Field]:
    """The form of a rule: empty, or as it stands.

    ``project`` is shown for the id of its project; ``pick`` lets the user choose one, and returns what to
    show.
    """
    new = rule is None
    terms = rule if rule is not None else RuleTerms(folder="", destination=GncvPath("gncv://{run}/"))
    project_hint = "enter lists them; empty: none" if pick else "name or id; empty assigns nothing"

    def text(key: str, value: str, hint: str, *, is_path: bool = False) -> Field:
        return Field(key, LABELS[key], value, hint=hint, is_path=is_path)

    def seconds(key: str, value: float, hint: str) -> Field:
        return Field(key, LABELS[f"{key}_seconds"], f"{value:g}", hint=hint)

    return [
        *([text("name", "", "for example novaseq")] if new else []),
        text("folder", terms.folder, "for example /data/runs", is_path=True),
        text("destination", str(terms.destination), "for example gncv://{run}/"),
        text("files", " ".join(terms.files), "every FASTQ; or patterns: *.fastq.gz !*test*"),
        text("project", project or terms.project, project_hint)._replace(pick=pick),
        text("deliver", " ".join(terms.deliver), "file types to fetch, like impute-vcf qc"),
        text("deliver_to", terms.deliver_to, "empty: the download folder", is_path=True),
        text("deliver_template", terms.deliver_template, "empty: the profile's template"),
        text("metadata", _json(terms.metadata), 'any JSON, like {"site": "Oslo"}'),
        seconds("settle", terms.settle, "empty: 60 without a change"),
        seconds("network_settle", terms.network_settle, "empty: 300"),
        text("marker", terms.marker, "auto: the sequencer's own; none; or a name"),
        Field("check", LABELS["check"], terms.check, choices=_CHECKS),
        Field("merge_lanes", LABELS["merge_lanes"], _word(terms.merge_lanes), choices=_LANES),
        Field("hyphens", LABELS["hyphens"], _word(terms.hyphens), choices=_HYPHENS),
    ]


def _word(value: bool) -> str:
    return "yes" if value else "no"


def _json(value: object) -> str:
    return "" if value is None else json_text(value, indent=None)


def _seconds(values: Mapping[str, str], key: str, usual: float) -> float:
    try:
        return float(values[key].replace(",", ".") or usual)
    except ValueError:
        raise ValueError(f"{LABELS[f'{key}_seconds']}: type a number.") from None


def terms_from(values: Mapping[str, str], before: WatchRule | None) -> RuleTerms:
    """The terms that a filled form stands for, over those that it doesn't ask about.

    Raises ``InputProblem`` or ``ValueError`` with words for people.
    """
    settle = _seconds(values, "settle", 60.0)
    network_settle = _seconds(values, "network_settle", NETWORK_SETTLE)
    try:
        metadata = json.loads(values["metadata"]) if values["metadata"] else None
    except ValueError as error:
        raise ValueError(f"Metadata: not JSON: {error}.") from None
    if not values["folder"]:
        raise ValueError("Folder: which folder should be watched?")
    kept = structs.asdict(before) if before is not None else {}
    kept = {name: kept[name] for name in RuleTerms.__struct_fields__ if name in kept}
    return check_terms(
        RuleTerms(
            **{
                **kept,
                "folder": str(typed_path(values["folder"])),
                "destination": GncvPath.parse(values["destination"]),
                "files": tuple(values["files"].split()),
                "project": values["project"],
                "deliver": tuple(values["deliver"].replace(",", " ").split()),
                "deliver_to": str(typed_path(values["deliver_to"])) if values["deliver_to"] else "",
                "deliver_template": values["deliver_template"],
                "metadata": metadata,
                "settle": settle,
                "network_settle": network_settle,
                "marker": values["marker"] or "auto",
                "check": values["check"],
                "merge_lanes": values["merge_lanes"] == "yes",
                "hyphens": values["hyphens"] == "yes",
            }
        )
    )


def complaint(values: Mapping[str, str], before: WatchRule | None) -> str:
    """What is wrong with a filled form; empty when nothing is."""
    try:
        if before is None and not values["name"]:
            raise ValueError("Name: give the rule one, like novaseq.")
        if before is None:
            check_rule_name(values["name"])
        terms_from(values, before)
    except Problem as problem:
        label = LABELS.get(problem.what.removesuffix(" can't be used"))
        return clean(f"{label}: {problem.why}." if label else str(problem))
    except ValueError as error:
        return clean(str(error))
    return ""


async def doubt_about_folder(folder: str) -> str:
    """Why nothing would be found in a folder now; empty when it can be looked through."""

    def act() -> str:
        try:
            with os.scandir(folder) as entries:
                next(entries, None)
        except OSError as error:
            return why_not_looked(error)
        except ValueError:
            return "no folder can have that name"
        return ""

    try:
        why = await look("folder to watch", Path(folder), act)
    except DiskSilent:
        why = "its disk doesn't answer"
    return f"{clean(folder)}: {why}." if why else ""


def doubts_about_results(wanted: Sequence[str], known: Sequence[str]) -> list[str]:
    """Of each pattern on file types that fits none of those that there are: that it does not, and what may be
    meant.
    """
    import difflib  # for misspelt names only

    doubts = []
    for pattern in Wants(deliverables=tuple(wanted)).missing(list(known)):
        alike = difflib.get_close_matches(pattern.lower(), known, _ALIKE)
        meant = f" Did you mean {' or '.join(map(clean, alike))}?" if alike else ""
        doubts.append(f"Gencove has no results called {clean(pattern)}.{meant}")
    return doubts
