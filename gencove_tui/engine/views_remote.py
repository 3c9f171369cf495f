"""What a desk can ask Gencove to do or tell beyond lists and transfers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from gencove_tui.model import GncvPath, Project, Sample, SampleQuery, SampleStatus, Upload

if TYPE_CHECKING:
    from gencove_tui.api.v2.pipelines import PipelineCapability
    from gencove_tui.api.v2.quality import Histogram, QcType, QualityControl
    from gencove_tui.api.v2.sheet import SheetRow
    from gencove_tui.engine.views import Listing, PlannedUpload

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""


class SampleAct(StrEnum):
    """What can be done to samples of one project (api-v2 §12)."""

    CANCEL = "cancel"
    HIDE = "hide"
    UNHIDE = "unhide"
    RESTORE = "restore"
    DELETE = "delete"


class ProjectAct(StrEnum):
    """What can be done to projects (api-v2 §7)."""

    HIDE = "hide"
    UNHIDE = "unhide"
    DELETE = "delete"


class Fate(StrEnum):
    """What would become of an upload, judged by what the upload area holds at its place."""

    NEW = "new"
    SAME = "same size there"
    """Compared by checksum before anything is sent, and skipped if it is the same."""
    UNKNOWN = "something there"
    """Its size isn't known: compared as above."""
    UNFINISHED = "unfinished there"
    CHANGED = "another size there"
    """Never overwritten: another name or folder is needed."""
    ASSIGNED = "there, assigned"


class ComparedUpload(Struct, frozen=True, kw_only=True):
    """A planned upload and what the upload area says about its place."""

    planned: PlannedUpload
    fate: Fate = Fate.NEW

    @property
    def goes(self) -> bool:
        """Whether it would be queued."""
        return not self.planned.obstacle and self.fate is not Fate.CHANGED


class RemoteDesk(Protocol):
    """The part of a desk that acts on the remote side. Async methods raise ``errors.Problem`` only.

    A dialect that lacks a topic raises ``api.errors.Unsupported``, which says so for people to read.
    """

    # --- samples ---------------------------------------------------------------------------------

    async def sample_history(self, sample_id: str) -> tuple[SampleStatus, ...]:
        """All statuses that a sample had."""
        ...

    async def sample_quality(self, sample_id: str) -> tuple[QualityControl, ...]:
        """The quality-control metrics of a sample, measured and expected."""
        ...

    async def sample_metadata(self, sample_id: str) -> Any:
        """The metadata of a sample: any JSON, or None. Not made harmless."""
        ...

    async def set_sample_metadata(self, sample_id: str, metadata: Any) -> Any:
        """Replace the metadata; returns what is there then."""
        ...

    async def act_on_samples(self, act: SampleAct, project_id: str, samples: Sequence[Sample]) -> str:
        """Do it to these samples; returns what the server had to say, mostly nothing."""
        ...

    async def take_over(self, project_id: str, samples: Sequence[Sample], *, copy: bool) -> None:
        """Import the samples into another project, or make independent copies of them there."""
        ...

    async def every_sample(
        self, project_id: str, query: SampleQuery, *, most: int, progress: Progress | None = None
    ) -> tuple[Sample, ...]:
        """All samples that match, page by page, but not more than ``most``."""
        ...

    async def raw_data(
        self, project_id: str, samples: Sequence[Sample], *, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        """Raw-data rows of these samples with fresh presigned URLs (api-v1 §4), in the order given."""
        ...

    async def file_types(self) -> tuple[str, ...]:
        """Every kind of result that samples can have, ``qc`` and ``metadata`` among them."""
        ...

    async def qc_types(self, project_id: str) -> tuple[QcType, ...]:
        """The quality-control metrics of a project."""
        ...

    async def qc_histogram(self, project_id: str, qc_type: str, newest: int) -> Histogram:
        """How a metric is spread over the newest samples of a project."""
        ...

    # --- projects --------------------------------------------------------------------------------

    async def pipeline_capabilities(self, ids: Sequence[str] | None = None) -> dict[str, PipelineCapability]:
        """The kinds of analysis by id; those asked for, or all."""
        ...

    async def create_project(self, name: str, description: str, capability_id: str) -> Project:
        """Make a project. ``capability_id`` is left out in v1, which has none."""
        ...

    async def edit_project(self, project_id: str, name: str, description: str) -> Project:
        """Give a project another name and description."""
        ...

    async def act_on_projects(self, act: ProjectAct, project_ids: Sequence[str]) -> None:
        """Do it to these projects."""
        ...

    # --- upload area -----------------------------------------------------------------------------

    async def sheet_rows(
        self, prefix: GncvPath, *, status: str = "all", offset: int = 0, limit: int = 200
    ) -> Listing[SheetRow]:
        """A window on the pairs of uploads below a folder; ``all``, ``assigned`` or ``unassigned``."""
        ...

    async def every_upload(self, *, most: int) -> tuple[Upload, ...]:
        """The whole upload area, newest first, but not more than ``most``."""
        ...

    async def assign(self, project_id: str, rows: Sequence[SheetRow]) -> int:
        """Make samples of pairs and start their analysis, which costs money; returns how many there are.

        Asks first what is assigned already, so that nothing is assigned twice.
        """
        ...

    async def delete_uploads(self, uploads: Sequence[Upload]) -> int:
        """Delete from the upload area what no sample uses; returns how many are gone."""
        ...

    async def compare_uploads(self, plan: Sequence[PlannedUpload]) -> tuple[ComparedUpload, ...]:
        """What the upload area holds at the places of a plan."""
        ...
