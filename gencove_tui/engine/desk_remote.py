"""What a desk asks of Gencove beyond lists: acting on samples, projects and uploads."""

from __future__ import annotations

import asyncio
import posixpath
from abc import abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.protocol import PAGE, ROOT, Gencove
from gencove_tui.engine.audited import BY_HAND, AuditedActs
from gencove_tui.engine.raw_data import row_of
from gencove_tui.engine.targets import DOCUMENTS
from gencove_tui.engine.views import Listing, PlannedUpload
from gencove_tui.engine.views_remote import ComparedUpload, Fate, Progress, ProjectAct, SampleAct
from gencove_tui.errors import InputProblem
from gencove_tui.model import (
    GNCV,
    Dialect,
    GncvPath,
    Project,
    Sample,
    SampleQuery,
    SampleStatus,
    Upload,
)

if TYPE_CHECKING:
    from gencove_tui.api.v1 import GencoveV1
    from gencove_tui.api.v2.pipelines import PipelineCapability
    from gencove_tui.api.v2.quality import Histogram, QcType, QualityControl
    from gencove_tui.api.v2.sheet import SheetRow

AT_A_TIME = 6
"""Requests for single samples under way together."""


class RemoteUseCases(AuditedActs):
    """Implements ``views_remote.RemoteDesk`` on a connection that a desk opens.

    What starts paid work or can't be undone goes into the audit log as well.
    """

    @abstractmethod
    async def _opened(self) -> Gencove:
        """The connection, made if need be."""

    @abstractmethod
    def project_name(self, project_id: str) -> str:
        """What a project was called when it was last seen."""

    # --- samples ---------------------------------------------------------------------------------

    async def sample_history(self, sample_id: str) -> tuple[SampleStatus, ...]:
        """All statuses that a sample had."""
        return await self._asked((await self._opened()).sample_facts.history(sample_id))

    async def sample_quality(self, sample_id: str) -> tuple[QualityControl, ...]:
        """Measured against expected."""
        return await self._asked((await self._opened()).quality.of_sample(sample_id))

    async def sample_metadata(self, sample_id: str) -> Any:
        """Any JSON, or None."""
        return await self._asked((await self._opened()).sample_facts.metadata(sample_id))

    async def set_sample_metadata(self, sample_id: str, metadata: Any) -> Any:
        """Replace the metadata."""
        return await self._asked((await self._opened()).sample_facts.set_metadata(sample_id, metadata))

    async def act_on_samples(self, act: SampleAct, project_id: str, samples: Sequence[Sample]) -> str:
        """Do it to these samples; returns the server's words."""
        actions = (await self._opened()).sample_actions
        sample_ids = [sample.id for sample in samples]
        lines = {
            sample.id: {
                "sample_id": sample.id,
                "client_id": sample.client_id,
                "project_id": project_id,
                "detail": "by hand",
            }
            for sample in samples
        }
        if act is SampleAct.CANCEL:
            said = await self._audited("cancel", lines, actions.cancel(project_id, sample_ids))
            return " ".join(dict.fromkeys(said))
        if act is SampleAct.HIDE:
            await self._asked(actions.hide(project_id, sample_ids))
        elif act is SampleAct.UNHIDE:
            await self._asked(actions.unhide(project_id, sample_ids))
        elif act is SampleAct.RESTORE:
            await self._audited("restore", lines, actions.restore(project_id, sample_ids))
        else:
            await self._audited("delete", lines, actions.delete(project_id, sample_ids))
        return ""

    async def take_over(self, project_id: str, samples: Sequence[Sample], *, copy: bool) -> None:
        """Import or copy samples into another project."""
        from gencove_tui.api.v2.sample_actions import ExistingSample

        actions = (await self._opened()).sample_actions
        wanted = [ExistingSample(sample_id=sample.id, client_id=sample.client_id) for sample in samples]
        lines = {
            sample.id: {
                "sample_id": sample.id,
                "client_id": sample.client_id,
                "project_id": project_id,
                "detail": f"from project {sample.project_id}{BY_HAND}",
            }
            for sample in samples
        }
        if copy:
            await self._audited("copy", lines, actions.copy_existing(project_id, wanted))
        else:
            await self._audited("import", lines, actions.import_existing(project_id, wanted))

    async def every_sample(
        self, project_id: str, query: SampleQuery, *, most: int, progress: Progress | None = None
    ) -> tuple[Sample, ...]:
        """All samples that match, but not more than ``most``; a row that moved meanwhile counts once."""
        api = await self._opened()
        found: dict[str, Sample] = {}
        offset = 0
        while offset < most:
            page = await self._asked(api.samples(project_id, query, offset=offset, limit=PAGE))
            found.update((sample.id, sample) for sample in page.items)
            offset += len(page.items)
            if progress is not None:
                progress(offset, min(most, page.total or offset))
            if not page.items or not page.more:
                break
        return tuple(found.values())[:most]

    async def raw_data(
        self, project_id: str, samples: Sequence[Sample], *, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        """Raw-data rows in the order given; v1 answers at once, v2 is asked sample by sample."""
        api = await self._opened()
        if api.dialect is Dialect.V1:
            rows = await self._asked(_as_v1(api).raw_data(project_id, sample_ids=[s.id for s in samples]))
            places = {sample.id: place for place, sample in enumerate(samples)}
            rows.sort(key=lambda row: places.get(str(row.get("sample_id", "")), len(places)))
            return rows
        gate, done = asyncio.Semaphore(AT_A_TIME), 0

        async def one(sample: Sample) -> dict[str, Any]:
            nonlocal done
            async with gate:
                try:
                    found = await self._asked(api.sample(project_id, sample.id))
                except ApiProblem as problem:
                    if problem.kind is not Kind.NOT_FOUND:
                        raise
                    what = f"There is no sample {sample.id} in project {project_id}"
                    raise InputProblem(what, problem.why, "Give Gencove's id of the sample.") from problem
            done += 1
            if progress is not None:
                progress(done, len(samples))
            return row_of(found)

        return list(await asyncio.gather(*map(one, samples)))

    async def file_types(self) -> tuple[str, ...]:
        """Every kind of result."""
        kinds = await self._asked((await self._opened()).file_types())
        return tuple(sorted({*(kind.key for kind in kinds), *DOCUMENTS}))

    async def qc_types(self, project_id: str) -> tuple[QcType, ...]:
        """The metrics of a project."""
        return await self._asked((await self._opened()).quality.types(project_id))

    async def qc_histogram(self, project_id: str, qc_type: str, newest: int) -> Histogram:
        """How a metric is spread."""
        return await self._asked((await self._opened()).quality.histogram(project_id, qc_type, newest=newest))

    # --- projects --------------------------------------------------------------------------------

    async def pipeline_capabilities(self, ids: Sequence[str] | None = None) -> dict[str, PipelineCapability]:
        """The kinds of analysis by id."""
        return await self._asked((await self._opened()).pipelines.capabilities(ids))

    async def create_project(self, name: str, description: str, capability_id: str) -> Project:
        """Make a project; v1 knows no capabilities."""
        api = await self._opened()
        if api.dialect is Dialect.V1:
            return await self._asked(_as_v1(api).create_project(name, description=description))
        return await self._asked(api.project_actions.create(name, capability_id, description=description))

    async def edit_project(self, project_id: str, name: str, description: str) -> Project:
        """Another name and description."""
        api = await self._opened()
        if api.dialect is Dialect.V1:
            changes: dict[str, str | bool] = {"name": name, "description": description}
            return await self._asked(_as_v1(api).edit_project(project_id, changes))
        return await self._asked(api.project_actions.edit(project_id, name=name, description=description))

    async def act_on_projects(self, act: ProjectAct, project_ids: Sequence[str]) -> None:
        """Do it to these projects."""
        actions = (await self._opened()).project_actions
        if act is ProjectAct.HIDE:
            await self._asked(actions.hide(project_ids))
        elif act is ProjectAct.UNHIDE:
            await self._asked(actions.unhide(project_ids))
        else:
            lines = {i: {"project_id": i, "detail": self._project_in_words(i)} for i in project_ids}
            await self._audited("delete", lines, actions.delete(project_ids))

    def _project_in_words(self, project_id: str) -> str:
        name = self.project_name(project_id)
        return f"the project {name or project_id}{BY_HAND}"

    # --- upload area -----------------------------------------------------------------------------

    async def sheet_rows(
        self, prefix: GncvPath, *, status: str = "all", offset: int = 0, limit: int = PAGE
    ) -> Listing[SheetRow]:
        """A window on the pairs below a folder."""
        sheet = (await self._opened()).sheet
        page = await self._asked(sheet.rows(prefix, status=status, offset=offset, limit=limit))
        return Listing(page=page, fetched=datetime.now(UTC))

    async def every_upload(self, *, most: int) -> tuple[Upload, ...]:
        """The whole upload area, but not more than ``most``."""
        return (await self._pages(await self._opened(), ROOT, most=most))[:most]

    async def assign(self, project_id: str, rows: Sequence[SheetRow]) -> int:
        """Assign pairs, asking first what is assigned already."""
        sheet = (await self._opened()).sheet
        request = sheet.assign(project_id, rows, ask_first=True)
        return len(await self._assigned(project_id, rows, request))

    async def delete_uploads(self, uploads: Sequence[Upload]) -> int:
        """Delete what no sample uses."""
        if taken := [upload for upload in uploads if upload.sample_id]:
            raise ApiProblem(
                Kind.CONFLICT,
                "Assigned uploads are never deleted",
                f"{taken[0].path} belongs to a sample",
                "Leave it out.",
            )
        api = await self._opened()
        lines = {
            str(upload.path): {
                "remote": upload.path,
                "bytes": upload.size,
                "client_id": upload.client_id,
                "detail": f"upload area{BY_HAND}",
            }
            for upload in uploads
        }
        gone = await self._audited(
            "delete", lines, api.delete_uploads(uploads), done=lambda gone: [upload.path for upload in gone]
        )
        return len(gone)

    async def compare_uploads(self, plan: Sequence[PlannedUpload]) -> tuple[ComparedUpload, ...]:
        """What the upload area holds at the places of a plan."""
        api = await self._opened()
        targets = [item.target for item in plan if item.target is not None and not item.obstacle]
        there = await self._held(api, targets) if targets else {}
        return tuple(
            ComparedUpload(planned=item, fate=fate(item, there.get(item.target) if item.target else None))
            for item in plan
        )

    async def _held(self, api: Gencove, targets: Sequence[GncvPath]) -> dict[GncvPath, Upload]:
        """What the upload area holds at these places."""
        folder, wanted = common_folder(targets), set(targets)
        if api.dialect is Dialect.V1:
            found = await self._pages(api, folder, most=None)
            return {upload.path: upload for upload in found if upload.path in wanted}
        # Only the list of everything knows sizes, and only the sheet can be asked by folder (api-v2 §10).
        newest = await self._pages(api, ROOT, most=COMPARED)
        there = {upload.path: upload for upload in newest if upload.path in wanted}
        if len(newest) >= COMPARED:
            for upload in await self._pages(api, folder, most=None):
                if upload.path in wanted:
                    there.setdefault(upload.path, upload)
        return there

    async def _pages(self, api: Gencove, prefix: GncvPath, *, most: int | None) -> tuple[Upload, ...]:
        """The uploads below a folder, newest first; all of them, or not many more than ``most``."""
        found: dict[str, Upload] = {}
        offset = 0
        while most is None or offset < most:
            page = await self._asked(api.uploads(prefix, offset=offset, limit=PAGE))
            found.update((upload.path, upload) for upload in page.items)
            offset += len(page.items)
            if not page.items or not page.more:
                break
        return tuple(found.values())


COMPARED = 2000
"""Newest uploads that a comparison looks through for sizes, before it asks by folder and without sizes."""


def _as_v1(api: Gencove) -> GencoveV1:
    """The same, with what only v1 has."""
    return cast("GencoveV1", api)


def fate(item: PlannedUpload, there: Upload | None) -> Fate:
    """What would become of a planned upload, given what its place holds."""
    if there is None or there.status == "failed":
        return Fate.NEW
    if there.status == "started":
        return Fate.UNFINISHED
    if there.size is not None and there.size != item.size:
        return Fate.CHANGED
    if there.sample_id:
        return Fate.ASSIGNED
    return Fate.UNKNOWN if there.size is None else Fate.SAME


def common_folder(paths: Sequence[GncvPath]) -> GncvPath:
    """The deepest folder that holds all of these files."""
    common = posixpath.commonpath([posixpath.dirname("/" + path.key) for path in paths]).strip("/")
    return GncvPath(f"{GNCV}{common}/" if common else GNCV)
