"""What the user does with watch rules and logs, carried out through the desk; trouble becomes a message."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from textual.screen import Screen

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.engine.views import Desk, Online, RuleView
from gencove_tui.engine.views_remote import Progress
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import AuditEntry, Event, Project, ProjectQuery, RuleTerms, WatchRule
from gencove_tui.tui.deeds import Abandoned, Doer
from gencove_tui.tui.format import clean
from gencove_tui.tui.rule_form import (
    complaint,
    doubt_about_folder,
    doubts_about_results,
    fields_of,
    terms_from,
)
from gencove_tui.tui.rule_words import Names
from gencove_tui.tui.screens.dialogs import Choice, Question
from gencove_tui.tui.screens.form import Form
from gencove_tui.tui.screens.pick_project import PickProject
from gencove_tui.tui.screens.release import ReleaseSheet
from gencove_tui.tui.screens.rule_sheet import DryRunSheet, RuleSheet
from gencove_tui.tui.views import Look
from gencove_tui.tui.widgets.projects import project_name


class WatchDeeds(Doer):
    """Makes, changes, tries and removes watch rules; exports logs."""

    def __init__(self, screen: Screen[Any], desk: Desk, look: Look, after: Callable[[], None]) -> None:
        super().__init__(screen, desk, look, after)
        self._asked_for: set[str] = set()
        """Projects whose names were asked for."""

    def learn_names(self, rules: Sequence[RuleView]) -> None:
        """Ask, once each, what the projects of these rules are called, where that is not known."""
        ids = {view.rule.project for view in rules if view.rule.project} - self._asked_for
        if self.desk.connection.state is not Online.ONLINE:
            return
        for project_id in ids:
            self._asked_for.add(project_id)
            if not self.desk.project_name(project_id):
                self._run(self._learn_name(project_id), group="names", exclusive=False)

    async def _learn_name(self, project_id: str) -> None:
        with contextlib.suppress(Problem):  # the id is shown then
            await self.desk.project(project_id)
            self.after()

    def edit(self, rule: WatchRule | None, at: str = "") -> None:
        """Let the user fill in a rule, new or as it stands, beginning at the field of this key."""
        self._run(self._edit(rule, at), group="dialog")

    async def _edit(self, rule: WatchRule | None, at: str) -> None:
        before = "" if rule is None else rule.project
        shown = clean(self.desk.project_name(before)) or before
        chosen = {shown: before}
        """Ids of projects by what the form shows for them."""

        async def pick(text: str) -> str | None:
            project = await self.screen.app.push_screen_wait(
                PickProject(self.desk, self.look, "Assign to", permission="project_samples_add", search=text)
            )
            if project is None:
                return None
            name = project_name(project)
            chosen[name] = project.id
            return name

        fields = fields_of(rule, project=shown, pick=pick)
        wrong = ""
        while True:
            form = Form(
                "Watch another folder" if rule is None else f"Watch rule {clean(rule.name)}",
                fields,
                "Watch" if rule is None else "Keep the changes",
                trial="Dry run",
                check=lambda values: complaint(values, rule),
                wrong=wrong,
                at=at,
            )
            values = await self.screen.app.push_screen_wait(form)
            if values is None:
                return
            # Should the form come back, then with all that was typed.
            fields = [field._replace(value=values[field.key]) for field in fields]
            name = rule.name if rule is not None else values["name"]
            wrong, at = "", "project"
            try:
                values["project"] = await self._project_id(values["project"], chosen)
                terms, at = terms_from(values, rule), "folder"
                if form.wants_trial:
                    await self._try_out(name or values["folder"], terms, name)
                    continue
                at = await self._doubted(terms, rule)
                if not at:
                    self.decided()
                    kept = await self.desk.put_rule(name, terms, rule)
                    break
            except Abandoned:
                continue
            except Problem as problem:
                wrong = clean(str(problem))
        self.say(f"{'Watching' if rule is None else 'Changed the rule for'} {clean(kept.folder)}.")
        self.after()

    async def _doubted(self, terms: RuleTerms, rule: WatchRule | None) -> str:
        """The field to which the user wants to go back, having been told what is doubtful; empty for none."""
        doubts = {}
        if (rule is None or terms.folder != rule.folder) and (text := await doubt_about_folder(terms.folder)):
            doubts["folder"] = [text, "It is watched as soon as it can be."]
        fresh = [kind for kind in terms.deliver if rule is None or kind not in rule.deliver]
        if fresh and (known := await self._file_types()):
            doubts["deliver"] = doubts_about_results(fresh, known)
        body = [line for lines in doubts.values() for line in lines]
        if not body:
            return ""
        answer = await self.screen.app.push_screen_wait(
            Question(
                "Keep the rule as it is?",
                body,
                (
                    Choice("back", "Back to the form"),
                    Choice("keep", "Watch it anyway" if rule is None else "Keep the changes anyway"),
                ),
            )
        )
        return "" if answer == "keep" else next(key for key, lines in doubts.items() if lines)

    async def _file_types(self) -> tuple[str, ...]:
        """Every kind of result; none where Gencove can't be asked, which is said."""
        if self.desk.connection.state is Online.ONLINE:
            try:
                return await self.working("Looking up the kinds of results", lambda _: self.desk.file_types())
            except Abandoned:
                raise
            except Problem:
                pass  # v1 has no such list
        self.say("Whether Gencove has results of these names could not be looked up.", severity="warning")
        return ()

    async def _project_id(self, text: str, chosen: Mapping[str, str]) -> str:
        """The id of the project that was chosen, or is meant by its id, its name or how that begins.

        Raises ``Problem`` if there is no such project, or more than one.
        """
        if text in chosen or not text:
            return chosen.get(text, "")
        if self.desk.connection.state is not Online.ONLINE:
            return text  # It can't be asked for now; the engine says so should it be unknown.
        typed = text.casefold()

        async def look(_: Progress) -> list[Project]:
            found = (await self.desk.projects(ProjectQuery(search=text))).page.items
            named = [p for p in found if typed in (p.id.casefold(), p.name.strip().casefold())]
            if named := named or [p for p in found if p.name.strip().casefold().startswith(typed)]:
                return named
            try:
                return [await self.desk.project(text)]
            except ApiProblem as problem:
                if problem.kind in (Kind.NOT_FOUND, Kind.INVALID):
                    return []
                raise

        named = await self.working("Looking for the project", look)
        choose = "Enter in this field lists the projects to choose from."
        if not named:
            raise Problem(f"Project: none is called {clean(text)!r}", "", choose)
        if len(named) > 1:
            what = "are called" if named[0].name.strip().casefold() == typed else "begin with"
            raise Problem(f"Project: {len(named)} {what} {clean(text)!r}", "", choose)
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
            self.decided()
            await self.desk.remove_rule(rule.name)
            self.say(f"No longer watching {clean(rule.folder)}.")
            self.after()

    def release(self, view: RuleView) -> None:
        """Let samples go on that need a person, after showing why they were held."""
        self._run(self._release(view), group="dialog")

    async def _release(self, view: RuleView) -> None:
        samples = await self.desk.releasable(view.rule.id)
        whose = clean(view.rule.name) or clean(view.rule.folder)
        if not samples:
            files = f" Its files do: {self.look.keys.key('open')} shows what for." if view.held else ""
            self.say(f"No sample of {whose} needs you.{files}")
            return
        chosen = await self.screen.app.push_screen_wait(ReleaseSheet(whose, samples, self.look))
        if not chosen:
            return
        self.decided()
        number = await self.desk.release(chosen)
        left = len(chosen) - number
        self.say(
            f"{plural(number, 'sample')} of {whose} {'goes' if number == 1 else 'go'} on."
            + f" {plural(left, 'sample')} did not wait any more." * bool(left)
        )
        self.after()

    def switch(self, view: RuleView) -> None:
        """Let a watch rule rest, or go on."""
        self._run(self._switch(view), group="wish", exclusive=False)

    async def _switch(self, view: RuleView) -> None:
        active = await self.desk.switch_rule(view.rule.id)
        self.say(f"{'Resumed' if active else 'Paused'} watching {clean(view.rule.folder)}.")
        self.after()

    def attempt(self, rule: WatchRule) -> None:
        """Show what a rule would do."""
        self._run(self._attempt(rule), group="dialog")

    async def _attempt(self, rule: WatchRule) -> None:
        await self._try_out(rule.name or rule.folder, rule, rule.name)

    async def _try_out(self, title: str, terms: RuleTerms, name: str) -> None:
        found = await self.working(
            f"Looking through {clean(terms.folder)}",
            lambda progress: self.desk.try_rule(terms, name, progress=progress),
            doing="Files and folders so far:",
        )
        await self.screen.app.push_screen_wait(
            DryRunSheet(clean(title), clean(terms.folder), found, self.look)
        )

    def show(self, view: RuleView) -> None:
        """Show all that is known about a rule."""
        self.screen.app.push_screen(
            RuleSheet(view, self.look, self.desk.rule_detail, Names(self.desk.project_name), self.edit)
        )

    def audit(self, search: str, show: Callable[[Sequence[AuditEntry]], None]) -> None:
        """Ask for the audit log and show it."""
        self._run(self._audit(search, show), group="audit")

    async def _audit(self, search: str, show: Callable[[Sequence[AuditEntry]], None]) -> None:
        show(await self.desk.audit(search))

    def export(self, log: str, events: Sequence[Event], search: str) -> None:
        """Write the log in view into the download folder."""
        self._run(self._export(log, events, search), group="export", exclusive=False)

    async def _export(self, log: str, events: Sequence[Event], search: str) -> None:
        stamp = f"{self.look.clock().astimezone():%Y%m%d-%H%M%S}"
        path: Path = self.desk.download_folder / f"gencove-{log}-{stamp}.csv"
        if log == "audit":
            number = plural(await self.desk.export_audit(path, search), "entry", "entries")
        else:
            await self.desk.export_events(path, events)
            number = plural(len(events), "event")
        self.say(f"{number} written to {clean(str(path))}")
