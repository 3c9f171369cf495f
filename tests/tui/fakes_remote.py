"""The part of the desk that acts on the remote side, from memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gencove_tui.api.errors import Unsupported
from gencove_tui.api.v2.pipelines import PipelineCapability
from gencove_tui.api.v2.quality import Histogram, QcType, QualityControl
from gencove_tui.api.v2.sheet import SheetRead, SheetRow
from gencove_tui.engine.views import Connection, Listing, PlannedUpload
from gencove_tui.engine.views_remote import ComparedUpload, Fate, Progress, ProjectAct, SampleAct
from gencove_tui.model import Capability, GncvPath, Page, Project, Sample, SampleQuery, SampleStatus, Upload

NOW = datetime(2025, 3, 14, 10, 30, tzinfo=UTC)
COVERAGE = QcType(key="effective_coverage", type="min", name="Effective coverage")
CALL_RATE = QcType(key="call_rate", type="min", name="Call rate")


class RemoteFake:
    """Records what it is asked, and answers with something believable."""

    all_samples: tuple[Sample, ...]
    all_projects: tuple[Project, ...]
    all_uploads: tuple[Upload, ...]
    metadata_kept: Any = None
    fates: tuple[Fate, ...] = ()

    @property
    def connection(self) -> Connection:
        raise NotImplementedError

    async def _remote(self, name: str, *arguments: Any) -> None:
        raise NotImplementedError

    async def sample_history(self, sample_id: str) -> tuple[SampleStatus, ...]:
        await self._remote("sample_history", sample_id)
        return (
            SampleStatus(status="running", created=NOW),
            SampleStatus(status="failed qc", note="Effective coverage 0.12x is below 0.40x", created=NOW),
        )

    async def sample_quality(self, sample_id: str) -> tuple[QualityControl, ...]:
        await self._remote("sample_quality", sample_id)
        return (
            QualityControl(type=CALL_RATE, status="succeeded", expected=0.9, measured=0.9983),
            QualityControl(type=COVERAGE, status="failed", expected=0.4, measured=0.12),
        )

    async def sample_metadata(self, sample_id: str) -> Any:
        await self._remote("sample_metadata", sample_id)
        return self.metadata_kept

    async def set_sample_metadata(self, sample_id: str, metadata: Any) -> Any:
        await self._remote("set_sample_metadata", sample_id, metadata)
        self.metadata_kept = metadata
        return metadata

    async def act_on_samples(self, act: SampleAct, project_id: str, samples: Sequence[Sample]) -> str:
        await self._remote("act_on_samples", act, project_id, tuple(sample.id for sample in samples))
        return ""

    async def take_over(self, project_id: str, samples: Sequence[Sample], *, copy: bool) -> None:
        await self._remote("take_over", project_id, tuple(s.id for s in samples), copy)

    async def every_sample(
        self, project_id: str, query: SampleQuery, *, most: int, progress: Progress | None = None
    ) -> tuple[Sample, ...]:
        await self._remote("every_sample", project_id, query, most)
        if progress is not None:
            progress(1, 1)
        return self.all_samples[:most]

    async def raw_data(
        self, project_id: str, samples: Sequence[Sample], *, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        await self._remote("raw_data", project_id, tuple(s.id for s in samples))
        if progress is not None:
            progress(len(samples), len(samples))
        files = {"vcf_url_s3": "https://x/", "fastq-r1_url_s3": "https://y/"}
        return [{"external_id": s.client_id, "sample_id": s.id, **files} for s in samples]

    async def file_types(self) -> tuple[str, ...]:
        await self._remote("file_types")
        if Capability.FILE_TYPES not in self.connection.capabilities:
            raise Unsupported("The list of file types")
        return "alignment-bam", "impute-vcf", "impute-tbi", "metadata", "qc"

    async def qc_types(self, project_id: str) -> tuple[QcType, ...]:
        await self._remote("qc_types", project_id)
        return COVERAGE, CALL_RATE

    async def qc_histogram(self, project_id: str, qc_type: str, newest: int) -> Histogram:
        await self._remote("qc_histogram", project_id, qc_type, newest)
        return Histogram(edges=(0.0, 0.25, 0.5, 0.75, 1.0), counts=(3, 0, 41, 120))

    async def pipeline_capabilities(self, ids: Sequence[str] | None = None) -> dict[str, PipelineCapability]:
        await self._remote("pipeline_capabilities", ids)
        return {"cap-1": PipelineCapability(id="cap-1", name="Human low-pass GRCh38")}

    async def create_project(self, name: str, description: str, capability_id: str) -> Project:
        await self._remote("create_project", name, description, capability_id)
        return Project(id="new", name=name)

    async def edit_project(self, project_id: str, name: str, description: str) -> Project:
        await self._remote("edit_project", project_id, name, description)
        return Project(id=project_id, name=name)

    async def act_on_projects(self, act: ProjectAct, project_ids: Sequence[str]) -> None:
        await self._remote("act_on_projects", act, tuple(project_ids))

    async def sheet_rows(
        self, prefix: GncvPath, *, status: str = "all", offset: int = 0, limit: int = 200
    ) -> Listing[SheetRow]:
        await self._remote("sheet_rows", prefix, status, offset)
        pairs: dict[str, dict[str, SheetRead]] = {}
        samples = {upload.client_id: upload.sample_id for upload in self.all_uploads}
        for upload in self.all_uploads:
            read = SheetRead(upload_id=upload.id, path=upload.path, status=upload.status)
            pairs.setdefault(upload.client_id, {})[upload.read.lower()] = read
        rows = tuple(
            SheetRow(client_id=name, sample_id=samples[name], **reads) for name, reads in pairs.items()
        )
        return Listing(page=Page(items=rows[offset:], offset=offset, total=len(rows)), fetched=NOW)

    async def every_upload(self, *, most: int) -> tuple[Upload, ...]:
        await self._remote("every_upload", most)
        return self.all_uploads[:most]

    async def assign(self, project_id: str, rows: Sequence[SheetRow]) -> int:
        await self._remote("assign", project_id, tuple(row.client_id for row in rows))
        return len(rows)

    async def delete_uploads(self, uploads: Sequence[Upload]) -> int:
        await self._remote("delete_uploads", tuple(upload.path for upload in uploads))
        return len(uploads)

    async def compare_uploads(self, plan: Sequence[PlannedUpload]) -> tuple[ComparedUpload, ...]:
        await self._remote("compare_uploads", len(plan))
        fates = (*self.fates, *[Fate.NEW] * len(plan))
        return tuple(ComparedUpload(planned=item, fate=fate) for item, fate in zip(plan, fates, strict=False))
