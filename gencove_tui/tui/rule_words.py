"""Texts about watch rules as the screen says them: projects by name, fields as the form calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gencove_tui.engine.audited import BY_HAND
from gencove_tui.engine.words import SET_HYPHENS, SET_LANES, SET_PROJECT
from gencove_tui.model import GNCV, AuditEntry, Event
from gencove_tui.tui.format import clean

LABELS = {
    "name": "Name",
    "folder": "Folder",
    "destination": "To",
    "files": "Files",
    "project": "Project",
    "deliver": "Results",
    "deliver_to": "Into",
    "deliver_template": "As",
    "metadata": "Metadata",
    "settle_seconds": "Still for seconds",
    "network_settle_seconds": "On a network disk",
    "marker": "Waits for a file",
    "check": "Checked",
    "merge_lanes": "Lanes",
    "hyphens": "_ in sample ids",
}
"""What the form of a rule calls the keys of ``config.toml``."""
JOINED, HYPHENATED = "joined", "as hyphens"
"""What the form calls ``merge_lanes = true`` and ``hyphens = true``."""
_REMEDIES = {
    SET_HYPHENS: (f'Set "{LABELS["hyphens"]}" to "{HYPHENATED}" in the rule', "hyphens"),
    SET_LANES: (f'Set "{LABELS["merge_lanes"]}" to "{JOINED}" in the rule', "merge_lanes"),
    SET_PROJECT: (f'Set "{LABELS["project"]}" to another one in the rule', "project"),
}


def in_form_words(text: str) -> str:
    """The text with the names that fields have in the form instead of keys."""
    for said, (shown, _) in _REMEDIES.items():
        text = text.replace(said, shown)
    return text


def in_labels(detail: str) -> str:
    """What was done to a rule, with the form's names of its fields: ``lab changed: Results, Project``."""
    said, changed, keys = clean(detail).partition(" changed: ")
    return said + changed + ", ".join(LABELS.get(key, key) for key in keys.split(", "))


def field_to_set(text: str) -> str:
    """The field of the form that a remedy is about; empty when it is about none."""
    return next((key for said, (_, key) in _REMEDIES.items() if said in text), "")


def _unknown(_project_id: str) -> str:
    return ""


@dataclass(frozen=True)
class Names:
    """What is called how, of all that the logs have by number or id."""

    project: Callable[[str], str] = _unknown
    """The name of a project by its id; empty where it was never seen."""
    rules: Mapping[int, str] = field(default_factory=dict)
    """The names of the rules that there are."""

    def of_project(self, project_id: str) -> str:
        """A project's name, or its id where the name is not known."""
        return clean(self.project(project_id)) or clean(project_id)

    def of_rule(self, number: int | None) -> str:
        """A rule's name."""
        if number is None:
            return ""
        return clean(self.rules.get(number, "")) or f"one that was removed (number {number})"

    def within(self, text: str, project_id: str) -> str:
        """A text with the name of a project in place of its id."""
        name = clean(self.project(project_id)) if project_id else ""
        return clean(text).replace(project_id, name) if name else clean(text)

    def event(self, event: Event) -> str:
        """What an event says."""
        return in_form_words(self.within(event.message, str(event.data.get("project_id") or "")))

    def audit(self, entry: AuditEntry) -> str:
        """What was done, in one line."""
        if entry.act == "rule":
            return f"rule {in_labels(entry.detail)}"
        what = entry.remote.removeprefix(GNCV) or entry.local_path or entry.client_id or entry.sample_id
        what = what or entry.detail.removesuffix(BY_HAND) or self.of_project(entry.project_id)
        return f"{clean(entry.act)} {clean(what)}".rstrip()


UNKNOWN = Names()
"""Nothing has a name."""
