"""What the user does with watch rules and logs, carried out through the desk; trouble becomes a message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from gencove_tui.config import check_rule_name, check_terms
from gencove_tui.engine.views import Online, RuleView
from gencove_tui.engine.views_remote import Progress
from gencove_tui.errors import Problem
from gencove_tui.model import (
    NETWORK_SETTLE,
    AuditEntry,
    Event,
    GncvPath,
    Project,
    ProjectQuery,
    RuleTerms,
    WatchRule,
)
from gencove_tui.tui.deeds import Abandoned, Doer
from gencove_tui.tui.format import clean, plural
from gencove_tui.tui.screens.dialogs import Choice, Question
from gencove_tui.tui.screens.form import Field, Form
from gencove_tui.tui.screens.paths import typed_path
from gencove_tui.tui.screens.rule_sheet import DryRunSheet, RuleSheet

_CHECKS = (("full", "every record"), ("gzip", "the gzip stream"), ("none", "not at all"))
_LANES = (("no", "one file each"), ("yes", "joined"))
_HYPHENS = (("no", "as they are"), ("yes", "as hyphens"))


def fields_of(rule: WatchRule | None) -> list[Field]:
    """The form of a rule: empty, or as it stands."""
    new = rule is None
    terms = rule if rule is not None else RuleTerms(folder="", destination=GncvPath("gncv://{run}/"))
    return [
        *([Field("name", "Name", hint="for example novaseq")] if new else []),
        Field("folder", "Folder", terms.folder, hint="for example /data/runs", is_path=True),
        Field("destination", "To", str(terms.destination), hint="for example gncv://{run}/"),
        Field("files", "Files", " ".join(terms.files), hint="every FASTQ; or patterns: *.fastq.gz !*test*"),
        Field("project", "Project", terms.project, hint="name or id to assign to; empty assigns nothing"),
        Field("deliver", "Results", " ".join(terms.deliver), hint="file types to fetch, like impute-vcf qc"),
        Field("deliver_to", "Into", terms.deliver_to, hint="empty: the download folder", is_path=True),
        Field("deliver_template", "As", terms.deliver_template, hint="empty: the profile's template"),
        Field("metadata", "Metadata", _json(terms.metadata), hint='any JSON, like {"site": "Oslo"}'),
        Field("settle", "Still for seconds", f"{terms.settle:g}", hint="empty: 60 without a change"),
        Field("network_settle", "On a network disk", f"{terms.network_settle:g}", hint="empty: 300"),
        Field("marker", "Waits for a file", terms.marker, hint="auto: the sequencer's own; none; or a name"),
        Field("check", "Checked", terms.check, choices=_CHECKS),
        Field("merge_lanes", "Lanes", _word(terms.merge_lanes), choices=_LANES),
        Field("hyphens", "_ in sample ids", _word(terms.hyphens), choices=_HYPHENS),
    ]


def _word(value: bool) -> str:
    return "yes" if value else "no"


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _seconds(values: Mapping[str, str], key: str, label: str, usual: float) -> float:
    try:
        return float(values[key].replace(",", ".") or usual)
    except ValueError:
        raise ValueError(f"{label}: type a number.") from None


def terms_from(values: Mapping[str, str], before: WatchRule | None) -> RuleTerms:
    """The terms that a filled form stands for, over those that it doesn't ask about.

    Raises ``InputProblem`` or ``ValueError`` with words for people.
    """
    settle = _seconds(values, "settle", "Still for seconds", 60.0)
    network_settle = _seconds(values, "network_settle", "On a network disk", NETWORK_SETTLE)
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
                "deliver": tuple(values["deliver"].split()),
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
        if before is None:
            check_rule_name(values["name"])
        terms_from(values, before)
    except Problem as problem:
        return clean(str(problem))
    except ValueError as error:
        return clean(str(error))
    return ""


class WatchDeeds(Doer):
    """Makes, changes, tries and removes watch rules; exports logs."""

    def edit(self, rule: WatchRule | None) -> None:
        """Let the user fill in a rule, new or as it stands."""
        self._run(self._edit(rule), group="dialog")

    async def _edit(self, rule: WatchRule | None) -> None:
        title = "Watch another folder" if rule is None else f"Watch rule {clean(rule.name)}"
        fields = fields_of(rule)
        wrong = ""
        while True:
            form = Form(
                title,
                fields,
                "Watch" if rule is None else "Keep the changes",
                trial="Dry run",
                check=lambda values: complaint(values, rule),
                wrong=wrong,
                at="project" if wrong else "",
            )
            values = await self.screen.app.push_screen_wait(form)
            if values is None:
                return
            if form.wants_trial:  # and back to the form with all that was typed
                fields = [field._replace(value=values[field.key]) for field in fields]
                await self._try_out(
                    clean(values.get("name", "") or values["folder"]), terms_from(values, rule)
                )
                continue
            before = "" if rule is None else rule.project
            try:
                if values["project"] not in ("", before):
                    values["project"] = await self._project_id(values["project"])
                break
            except Problem as problem:
                wrong = clean(str(problem))  # and back to the form with all that was typed
                fields = [field._replace(value=values[field.key]) for field in fields]
        name = rule.name if rule is not None else values["name"]
        kept = await self.desk.put_rule(name, terms_from(values, rule), rule)
        self.say(f"{'Watching' if rule is None else 'Changed the rule for'} {clean(kept.folder)}.")
        self.after()

    async def _project_id(self, text: str) -> str:
        """The id of the project that was meant by its id or its name. Raises ``Problem`` if there is none."""
        if self.desk.connection.state is not Online.ONLINE:
            return text  # It can't be asked for now; the engine says so should it be unknown.

        async def look(_: Progress) -> list[Project]:
            found = (await self.desk.projects(ProjectQuery(search=text))).page.items
            named = [p for p in found if text.casefold() in (p.id.casefold(), p.name.strip().casefold())]
            return named or [await self.desk.project(text)]

        try:
            named = await self.working("Looking for the project", look)
        except Abandoned:
            raise
        except Problem as problem:
            raise Problem(
                f"No project {clean(text)!r}", problem.why, "Type its id or its whole name."
            ) from None
        if len(named) > 1:
            raise Problem(f"{len(named)} projects are called {clean(text)!r}", "", "Type the id of one.")
        return named[0].id

    def remove(self, view: RuleView) -> None:
        """Take a rule away, after asking."""
        self._run(self._remove(view), group="dialog")

    async def _remove(self, view: RuleView) -> None:
        rule = view.rule
        body = [
            f"{clean(rule.folder)} would not be watched any more. Files and uploads stay as they are.",
            "What it has begun goes on: still uploaded, assigned and delivered. Pause it if it should not.",
        ]
        if view.queued:
            body.append(f"{plural(view.queued, 'upload')} of it go on.")
        answer = await self.screen.app.push_screen_wait(
            Question(
                "Remove the watch rule",
                body,
                (Choice("keep", "Keep it"), Choice("remove", f"Remove {clean(rule.name)}", bad=True)),
            )
        )
        if answer == "remove":
            await self.desk.remove_rule(rule.name)
            self.say(f"No longer watching {clean(rule.folder)}.")
            self.after()

    def switch(self, view: RuleView) -> None:
        """Let a watch rule rest, or go on."""
        self._run(self._switch(view), group="wish", exclusive=False)

    async def _switch(self, view: RuleView) -> None:
        await self.desk.set_rule_active(view.rule.id, not view.rule.active)
        self.say(f"{'Paused' if view.rule.active else 'Resumed'} watching {clean(view.rule.folder)}.")
        self.after()

    def attempt(self, rule: WatchRule) -> None:
        """Show what a rule would do."""
        self._run(self._attempt(rule), group="dialog")

    async def _attempt(self, rule: WatchRule) -> None:
        await self._try_out(clean(rule.name) or clean(rule.folder), rule)

    async def _try_out(self, name: str, terms: RuleTerms) -> None:
        self.say(f"Looking through {clean(terms.folder)}…")
        found = await self.desk.try_rule(terms)
        await self.screen.app.push_screen_wait(DryRunSheet(name, found, self.look))

    def show(self, view: RuleView) -> None:
        """Show all that is known about a rule."""
        self.screen.app.push_screen(RuleSheet(view, self.look, self.desk.rule_detail))

    def audit(self, search: str, show: Callable[[Sequence[AuditEntry]], None]) -> None:
        """Ask for the audit log and show it."""
        self._run(self._audit(search, show), group="audit")

    async def _audit(self, search: str, show: Callable[[Sequence[AuditEntry]], None]) -> None:
        show(await self.desk.audit(search.lstrip("!")))

    def export(self, log: str, events: Sequence[Event], search: str) -> None:
        """Write the log in view into the download folder."""
        self._run(self._export(log, events, search), group="export")

    async def _export(self, log: str, events: Sequence[Event], search: str) -> None:
        stamp = f"{self.look.clock().astimezone():%Y%m%d-%H%M%S}"
        path: Path = self.desk.download_folder / f"gencove-{log}-{stamp}.csv"
        if log == "audit":
            number = plural(await self.desk.export_audit(path, search), "entry", "entries")
        else:
            await self.desk.export_events(path, events)
            number = plural(len(events), "event")
        self.say(f"{number} written to {clean(str(path))}")
