"""What is done with samples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import structs

from gencove_tui.engine.looking import WRITE_PATIENCE, DiskSilent, is_folder, is_there, look
from gencove_tui.engine.private_file import write_privately
from gencove_tui.engine.raw_data import Format, as_text, without_column
from gencove_tui.engine.views_remote import Progress, SampleAct
from gencove_tui.engine.words import plural
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, Sample, SampleQuery
from gencove_tui.tui.format import clean
from gencove_tui.tui.json_text import json_text
from gencove_tui.tui.queries import (
    SAMPLE_ORDERS,
    describe_samples,
    in_order,
    parse_moment,
    sample_fields,
    sample_query,
)
from gencove_tui.tui.remote_doer import RemoteDoer, several
from gencove_tui.tui.screens.confirm import Hit
from gencove_tui.tui.screens.form import Field, Form
from gencove_tui.tui.screens.histogram import HistogramDialog
from gencove_tui.tui.screens.paths import typed_path
from gencove_tui.tui.states import ARCHIVED, can_be_taken_over, has_ended, in_words
from gencove_tui.tui.widgets.samples import MOST_MARKED

MOST_EXPORTED = 1000
"""Samples whose raw data is exported from the screen; v2 is asked for each."""

WORDS = {
    SampleAct.CANCEL: ("Cancel the analysis of", "What was done so far is lost and may be charged."),
    SampleAct.HIDE: ("Hide", "{They} the usual list; nothing is lost, and the same key shows {them} again."),
    SampleAct.UNHIDE: ("Show", "Back into the usual list."),
    SampleAct.RESTORE: ("Restore", "It takes hours until {their} files can be downloaded."),
    SampleAct.DELETE: ("Delete", "With all {their} results, for good. Nobody can bring {them} back."),
}
ONE = {"They": "It leaves", "them": "it", "their": "its"}
SEVERAL = {"They": "They leave", "them": "them", "their": "their"}
DONE = {
    SampleAct.CANCEL: "Cancelled the analysis of",
    SampleAct.HIDE: "Hid",
    SampleAct.UNHIDE: "Shows again:",
    SampleAct.RESTORE: "Asked to restore",
    SampleAct.DELETE: "Deleted",
}


class SampleDeeds(RemoteDoer):
    """Filtering, marking, exporting, and everything that changes samples."""

    # --- which samples -----------------------------------------------------------------

    async def query_samples(self) -> None:
        """Ask for filters, then ask Gencove for what matches."""
        before = self.refresher.sample_query
        now = self.look.clock()

        def check(values: Mapping[str, str]) -> str:
            try:
                for name in ("created_after", "created_before", "modified_after", "modified_before"):
                    parse_moment(values[name], now)
            except ValueError as error:
                return str(error)
            return ""

        whole = self.can(Capability.FILTER_SAMPLES)
        text = "" if whole else "This API sends lists whole, so they are filtered here."
        form = Form("Filter samples", sample_fields(before, whole=whole), "Filter", text=text, check=check)
        values = await self.screen.app.push_screen_wait(form)
        if values is not None:
            self._ask_samples(sample_query(values, before, now))

    def sort_samples(self, order: str) -> None:
        """Another order, by Gencove."""
        self._ask_samples(in_order(self.refresher.sample_query, SAMPLE_ORDERS, order))

    def clear_sample_query(self) -> None:
        """No filters any more; the order stays."""
        before = self.refresher.sample_query
        self._ask_samples(SampleQuery(sort_by=before.sort_by, descending=before.descending))

    def _ask_samples(self, query: SampleQuery) -> None:
        self.samples.show_query(describe_samples(query))
        self.refresher.ask_samples(query)

    async def mark_all_samples(self) -> None:
        """Mark every sample that matches, also those that aren't loaded."""
        project = self.chosen_project()
        query = structs.replace(self.refresher.sample_query, search=self.refresher.samples.view.search)

        async def work(progress: Progress) -> tuple[Sample, ...]:
            return await self.desk.every_sample(project.id, query, most=MOST_MARKED, progress=progress)

        found = await self.working("Looking up every sample", work)
        self.samples.mark_items(found)
        if len(found) == MOST_MARKED:
            self.say(
                f"Marked the first {MOST_MARKED:,}. Filter the list to reach the rest.", severity="warning"
            )

    # --- doing something to them -------------------------------------------------------

    def _hits(self, samples: Sequence[Sample]) -> list[Hit]:
        return [
            Hit(
                clean(sample.client_id) or "(none)",
                clean(sample.id),
                in_words(sample.status) if self.samples.in_view(sample) else "not in view",
            )
            for sample in samples
        ]

    async def act_on_samples(self, act: SampleAct, *samples: Sample) -> None:
        """Ask, do it, and look again."""
        self.needs(Capability.SAMPLE_ACTIONS)
        left_out = ""
        if act is SampleAct.CANCEL:
            finished = [s for s in samples if has_ended(s.status)]
            if len(finished) == len(samples):
                raise Problem("Nothing to cancel", "none of these samples is being analysed", "")
            samples = tuple(s for s in samples if s not in finished)
            left_out = f"{plural(len(finished), 'finished sample')} left out." if finished else ""
        elif act is SampleAct.RESTORE:
            archived = tuple(s for s in samples if s.archive_status == ARCHIVED)
            if not archived:
                raise Problem("Nothing to restore", "none of these samples is archived", "")
            rest = len(samples) - len(archived)
            left_out = f"{plural(rest, 'sample')} left out: not archived." if rest else ""
            samples = archived
        word, consequence = WORDS[act]
        consequence = consequence.format_map(ONE if len(samples) == 1 else SEVERAL)
        number = plural(len(samples), "sample")
        body = [line for line in (consequence, left_out) if line]
        hidden = sum(not self.samples.in_view(s) for s in samples)
        if hidden:
            body.append(f"{hidden:,} of them are marked but not in the list as it is filtered now.")
        bad = act in (SampleAct.CANCEL, SampleAct.DELETE)
        title = f"{word} {number}"
        if not await self.sure(title, body, self._hits(samples), verb=title, bad=bad):
            return
        project_id = samples[0].project_id or self.chosen_project().id
        said = await self.working(
            title, lambda _: self.desk.act_on_samples(act, project_id, samples), changes=True
        )
        names = several([s.client_id for s in samples], "sample")
        self.say(f"{DONE[act]} {names}. {clean(said)}".strip())
        self.samples.table.clear_marks()
        self.refresher.nudge("samples")

    async def take_over(self, *samples: Sample) -> None:
        """Import or copy samples into another project."""
        self.needs(Capability.SAMPLE_ACTIONS)
        good = [sample for sample in samples if can_be_taken_over(sample)]
        if not good:
            raise Problem("None of these can be taken over", "they must be finished and not archived", "")
        project = await self.pick("Into which project?", without=good[0].project_id)
        if project is None:
            return
        number = plural(len(good), "sample")
        kinds = (
            ("import", "import: the new project uses the same data"),
            ("copy", "copy: independent of these"),
        )
        rest = len(samples) - len(good)
        text = f"{number} into {clean(project.name) or project.id}."
        if rest:
            text += f"\n{rest:,} left out: not finished, or archived."
        form = Form(
            "Import or copy", (Field("how", "How", "import", kinds),), f"Go on with {number}", text=text
        )
        values = await self.screen.app.push_screen_wait(form)
        if values is None:
            return
        copy = values["how"] == "copy"
        title = f"{'Copy' if copy else 'Import'} {number}"
        if not await self.sure(
            title, [text, "Their analysis in the other project may cost money."], self._hits(good),
            verb=title, bad=False,
        ):  # fmt: skip
            return
        await self.working(title, lambda _: self.desk.take_over(project.id, good, copy=copy), changes=True)
        self.say(f"{'Copied' if copy else 'Imported'} {number} into {clean(project.name) or project.id}.")
        self.samples.table.clear_marks()

    # --- looking into them -------------------------------------------------------------

    async def export_raw(self, *samples: Sample) -> None:
        """Write the raw-data table of these samples to a file."""
        if len(samples) > MOST_EXPORTED:
            raise Problem(
                f"At most {MOST_EXPORTED:,} samples at a time",
                "each costs a request",
                "Use the command: gencove-tui raw-data PROJECT_ID",
            )
        project = self.chosen_project()
        text = (
            "The file holds links that anyone can download with, for two days. Only you can read it."
            " A name that ends in .json makes it JSON."
        )
        fields: tuple[Field, ...] = (
            Field("path", "To", str(self.desk.download_folder / "raw-data.csv"), is_path=True),
        )
        at = wrong = ""
        while True:
            form = Form(
                f"Export raw data of {plural(len(samples), 'sample')}",
                fields,
                "Export",
                text=text,
                check=_check_file_name,
                wrong=wrong,
                at=at,
            )
            values = await self.screen.app.push_screen_wait(form)
            if values is None:
                return
            path = typed_path(values["path"])
            wrong, exists = await _found_at(path)
            if not wrong and (
                not exists
                or await self.sure(
                    "Replace the file", [f"{clean(str(path))} is there already."], [], verb="Replace it"
                )
            ):
                break
            # Back to the form, for another name.
            fields, at = tuple(field._replace(value=values[field.key]) for field in fields), "path"

        async def work(progress: Progress) -> list[dict[str, Any]]:
            return await self.desk.raw_data(project.id, samples, progress=progress)

        rows = await self.working("Asking for raw data", work)
        self.decided()
        write = partial(write_privately, path, as_text(rows, Format(_extension(path))))
        await look("export", path, write, patience=WRITE_PATIENCE)
        missing = ", ".join(map(clean, without_column(rows)))
        left_out = f". The table has no column for: {missing}" if missing else ""
        self.say(f"{plural(len(rows), 'row')} in {clean(str(path))}{left_out}")
        self.samples.table.clear_marks()

    async def metadata(self, sample: Sample) -> None:
        """Show and edit the metadata of a sample."""
        from gencove_tui.tui.screens.metadata import MetadataDialog  # the editor is large, and seldom wanted

        self.needs(Capability.METADATA)
        name = clean(sample.client_id or sample.id)
        before = await self.working(f"Metadata of {name}", lambda _: self.desk.sample_metadata(sample.id))
        text = known = _json_text(before)
        while True:
            edited = await self.screen.app.push_screen_wait(MetadataDialog(name, text))
            if edited is None:
                return
            text = edited
            value = json.loads(edited) if edited.strip() else None
            if _json_text(value) == known:  # as text, for 1, 1.0 and true are equal and not the same
                self.say("The metadata is as it was.")
                return
            try:
                await self.working(
                    f"Saving the metadata of {name}",
                    lambda _, value=value: self.desk.set_sample_metadata(sample.id, value),  # type: ignore[misc]  # bound now
                    changes=True,
                )
            except Problem as problem:
                self.complain(problem)  # and back to the text: it may have cost work
            else:
                self.say(f"Saved the metadata of {name}.")
                self.detail.forget(sample.id)
                return

    async def qc_histogram(self) -> None:
        """Show how the metrics of the project are spread."""
        self.needs(Capability.QUALITY_CONTROLS, "")
        project = self.chosen_project()
        types = await self.working("Looking up the QC metrics", lambda _: self.desk.qc_types(project.id))
        if not types:
            self.say("This project has no QC metrics.")
            return
        await self.screen.app.push_screen_wait(HistogramDialog(self.desk, self.look, project, types))

    async def load_section(self, sample: Sample, section: str) -> None:
        """What the detail shows beside the files."""
        try:
            found: Any
            if section == "qc":
                found = await self.desk.sample_quality(sample.id)
            elif section == "history":
                found = await self.desk.sample_history(sample.id)
            else:
                found = await self.desk.sample_metadata(sample.id)
        except Problem as problem:
            self.detail.show_section(sample.id, section, None, problem)
        else:
            self.detail.show_section(sample.id, section, found, None)


def _json_text(value: Any) -> str:
    return "" if value is None else json_text(value)


def _extension(path: Path) -> str:
    return path.suffix.removeprefix(".").lower()


def _check_file_name(values: Mapping[str, str]) -> str:
    """The end of the name decides what is written."""
    if not values["path"]:
        return "Name a file."
    known = tuple(form.value for form in Format)
    if _extension(typed_path(values["path"])) not in known:
        return f"End the name in {' or '.join(f'.{form}' for form in known)}."
    return ""


async def _found_at(path: Path) -> tuple[str, bool]:
    """Why nothing can be written to a path, and whether something is there."""
    try:
        folder, exists = await look("form-path", path, lambda: (is_folder(path), is_there(path)))
    except DiskSilent as problem:
        return clean(str(problem)), False
    return f"{clean(str(path))} is a folder: name a file in it." if folder else "", exists
