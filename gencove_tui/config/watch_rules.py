"""Watch rules as ``config.toml`` has them: ``[profiles.PROFILE.watch.NAME]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from gencove_tui.config.lines import bad_config, convert_table, line_of
from gencove_tui.errors import InputProblem
from gencove_tui.model import RuleTerms

PLACES = ("run", "date", "project", "rule", "sample", "relpath")
"""What a destination may hold in braces."""
SEVERITIES = ("error", "warning", "success")
"""What ``toast`` and ``bell`` may hold."""
_RULE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CHOICES = {"check": ("full", "gzip", "none"), "file_system": ("auto", "local", "network")}
_RANGES = {
    "settle_seconds": (0.0, 86400.0),
    "network_settle_seconds": (0.0, 86400.0),
    "marker_hours": (0.0, 8760.0),
    "lone_mate_hours": (0.0, 8760.0),
    "hook_seconds": (0.1, 3600.0),
}


def check_rule_name(name: str) -> str:
    """Return the name; raises ``InputProblem`` unless it can name a rule."""
    if not _RULE_NAME.fullmatch(name):
        raise InputProblem(
            f"{name!r} can't name a watch rule",
            "letters, digits, dashes and underscores only",
            "Choose a name like novaseq or run_copies.",
        )
    return name


def read_rules(
    path: Path, text: str, where: tuple[str, ...], tables: Any, settle: float
) -> dict[str, RuleTerms]:
    """The watch rules of a profile; ``settle`` holds where a rule names no time.

    Raises ``InputProblem`` naming file, line and key.
    """
    if not isinstance(tables, dict):
        raise bad_config(path, f"{line_of(text, where[:-1], where[-1])}{'.'.join(where)} must hold tables")
    rules: dict[str, RuleTerms] = {}
    for name, table in tables.items():
        place = (*where, name)
        if not isinstance(table, dict):
            raise bad_config(path, f"{line_of(text, where, name)}{'.'.join(place)} must be a table")
        check_rule_name(name)
        terms = convert_table(path, text, place, {"settle_seconds": settle, **table}, RuleTerms)
        terms = structs.replace(terms, folder=str(Path(terms.folder).expanduser()))
        if complaint := complaint_about(terms):
            key, why = complaint
            found = line_of(text, place, key) or line_of(text, where, name)
            raise bad_config(path, f"{found}{'.'.join((*place, key))}: {why}")
        rules[name] = terms
    return rules


def check_terms(terms: RuleTerms) -> RuleTerms:
    """Return the terms; raises ``InputProblem`` naming the key unless they can be followed."""
    if complaint := complaint_about(terms):
        raise InputProblem(f"{complaint[0]} can't be used", complaint[1], "Put it right and try again.")
    return terms


def complaint_about(terms: RuleTerms) -> tuple[str, str] | None:
    """The first key whose value can't be right, and why; None when all can. The disk is not looked at."""
    table = rule_table(terms, defaults=True)
    if not terms.folder.startswith("/"):
        return "folder", f"{terms.folder!r} is not an absolute path"
    unknown = [word for word in re.findall(r"\{(.*?)\}", terms.destination) if word not in PLACES]
    if unknown:
        known = ", ".join(f"{{{word}}}" for word in PLACES)
        return "destination", f"there is no {{{unknown[0]}}}; known are {known}"
    if "{project}" in terms.destination and not terms.project:
        return "destination", "{project} is there, but the rule names no project"
    for key, words in _CHOICES.items():
        if table[key] not in words:
            return key, f"{table[key]!r} is none of {', '.join(words)}"
    for key in ("toast", "bell"):
        if unknown := [word for word in table[key] if word not in SEVERITIES]:
            return key, f"{unknown[0]!r} is none of {', '.join(SEVERITIES)}"
    for key, (low, high) in _RANGES.items():
        if not low <= table[key] <= high:
            return key, f"must lie between {low:g} and {high:g}"
    for pattern in terms.files:
        if not pattern.removeprefix("!"):
            return "files", f"the pattern {pattern!r} is empty"
    if not terms.marker or ("/" in terms.marker.strip("/") and ".." in terms.marker.split("/")):
        return "marker", "give auto, none, or the name of a file"
    try:
        msgspec.json.encode(terms.metadata)
    except (TypeError, ValueError) as error:
        return "metadata", f"can't be written as JSON ({error})"
    if not _is_json(terms.metadata):
        return "metadata", "dates and times have no form in JSON; write them as text"
    return None


def rule_table(terms: RuleTerms, *, defaults: bool = False) -> dict[str, Any]:
    """The terms under their names in ``config.toml``; what is at its default only if asked for."""
    values: dict[str, Any] = {}
    for info in structs.fields(RuleTerms):
        value = getattr(terms, info.name)
        # Where no time is written the profile's holds, so one that was given is written even at its default.
        always = defaults or info.required or info.name == "settle"
        if always or value != info.default:
            values[info.encode_name] = list(value) if isinstance(value, tuple) else _plain(value)
    return values


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _is_json(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int | float | bool)
