"""Where a file goes: the rule's destination with its words in braces filled in."""

from __future__ import annotations

import re
from datetime import date, datetime

from gencove_tui.model import GNCV, GncvPath, RuleTerms

_RUN_DATE = re.compile(r"(?P<year>[0-9]{2}|[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})_")


def run_name(relative: str, root: str | None, top: str) -> str:
    """Name of the run that a file belongs to.

    That of the run folder; outside of any, of the folder at the top that holds the file, or of the watched
    one. ``root`` is the run folder below the watched one, ``top`` the watched folder's own name.
    """
    if root is not None:
        return root.rpartition("/")[2] or top
    first, slash, _ = relative.partition("/")
    return first if slash else top


def run_date(run: str, first_seen: datetime) -> date:
    """The day in a run's name, or else the one on which its sample was first seen here."""
    if match := _RUN_DATE.match(run):
        year = int(match["year"])
        try:
            return date(year if year > 99 else 2000 + year, int(match["month"]), int(match["day"]))
        except ValueError:
            pass
    return first_seen.astimezone().date()


def place_of(rule: RuleTerms, relative: str, *, run: str, day: date, sample: str, rule_name: str) -> GncvPath:
    """The remote folder for a file. Raises ``InputProblem`` when it can't be one."""
    template = str(rule.destination.as_folder())
    if "{relpath}" not in template and "{run}" not in template:
        template += "{relpath}/"
    words = {
        "run": run,
        "date": day.isoformat(),
        "project": rule.project,
        "rule": rule_name,
        "sample": sample,
        "relpath": relative.rpartition("/")[0],
    }
    filled = re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), template)
    return GncvPath.parse(GNCV + re.sub(r"/{2,}", "/", filled.removeprefix(GNCV)).lstrip("/")).as_folder()
