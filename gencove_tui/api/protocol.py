"""What every dialect offers, in the field's words.

Every method raises ``ApiProblem`` (``api/errors.py``) and nothing else. Ids are strings in both dialects.
A dialect without a capability raises ``Unsupported`` (an ``ApiProblem``) from the methods it covers; topics
that only one dialect has are properties, and asking for one in the other dialect raises the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from gencove_tui.api.errors import Unsupported
from gencove_tui.model import (
    GNCV,
    Account,
    Capability,
    Credentials,
    Deliverable,
    Dialect,
    FileType,
    GncvPath,
    Organization,
    Page,
    Project,
    ProjectQuery,
    Sample,
    SampleQuery,
    StatusCounts,
    Upload,
    UploadTarget,
)

if TYPE_CHECKING:
    from gencove_tui.api.v2.batches import Batches
    from gencove_tui.api.v2.imports import Imports
    from gencove_tui.api.v2.manifests import Manifests
    from gencove_tui.api.v2.people import People
    from gencove_tui.api.v2.pipelines import Pipelines
    from gencove_tui.api.v2.projects import ProjectActions
    from gencove_tui.api.v2.quality import Quality
    from gencove_tui.api.v2.reports import Reports
    from gencove_tui.api.v2.sample_actions import SampleActions
    from gencove_tui.api.v2.sample_facts import SampleFacts
    from gencove_tui.api.v2.sheet import SampleSheet
    from gencove_tui.api.v2.subscriptions import Subscriptions
    from gencove_tui.api.v2.uploads import UploadRecords

PAGE = 200
"""Rows per request; the size that the official client uses and the server honours (api-v2 §4)."""
ROOT = GncvPath(GNCV)
"""The whole upload area."""


class Gencove(Protocol):
    """A connection to one Gencove host with one key. Close it with ``aclose``."""

    @property
    def host(self) -> str:
        """Base URL without a closing slash."""
        ...

    @property
    def dialect(self) -> Dialect:
        """Which wire contract is spoken."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this dialect can do."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...

    async def check_key(self) -> Account:
        """Prove that the key is accepted; v1 ``/welcome-api-key``, v2 ``/user/``."""
        ...

    async def organization(self) -> Organization:
        """The organization of the key (capability ORGANIZATION)."""
        ...

    async def projects(
        self, query: ProjectQuery = ProjectQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Project]:
        """A window on the list of projects."""
        ...

    async def project(self, project_id: str) -> Project:
        """One project with its project-wide deliverables."""
        ...

    async def project_stats(self, project_id: str) -> StatusCounts:
        """How many samples stand where."""
        ...

    async def samples(
        self, project_id: str, query: SampleQuery = SampleQuery(), *, offset: int = 0, limit: int = PAGE
    ) -> Page[Sample]:
        """A window on the list of a project's samples, without deliverables."""
        ...

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        """One sample with its deliverables and their presigned URLs, freshly signed."""
        ...

    async def file_types(
        self, project_id: str | None = None, *, genome: bool = False
    ) -> tuple[FileType, ...]:
        """Kinds of deliverables, of one project or of all (capability FILE_TYPES).

        ``genome`` asks for those of reference genomes instead of samples.
        """
        ...

    async def checksum(self, deliverable: Deliverable) -> str:
        """sha256 of a deliverable in hexadecimal, or "" when Gencove has none."""
        ...

    async def uploads(self, prefix: GncvPath = ROOT, *, offset: int = 0, limit: int = PAGE) -> Page[Upload]:
        """A window on the upload area below ``prefix``, newest first where the dialect can sort."""
        ...

    async def begin_upload(self, path: GncvPath) -> UploadTarget:
        """Get or create the upload at ``path`` (idempotent: the path is the key)."""
        ...

    async def upload(self, target: UploadTarget) -> Upload | None:
        """What the remote side holds at a target now: None when nothing has arrived yet."""
        ...

    async def upload_credentials(self) -> Credentials:
        """Temporary S3 keys for the upload area; v1 waits as ``backoff_s`` says (api-v1 §5.2)."""
        ...

    async def delete_uploads(self, uploads: Sequence[Upload]) -> tuple[Upload, ...]:
        """Delete from the upload area (capability DELETE_UPLOADS); returns those that are gone.

        v2 leaves alone what is assigned to a sample, and never allows the path again (api-v2 §10).
        """
        ...

    @property
    def sheet(self) -> SampleSheet:
        """Pairs of uploads, and assigning them (capabilities SAMPLE_SHEET and ASSIGN)."""
        raise Unsupported("Assigning uploads to a project")

    @property
    def upload_records(self) -> UploadRecords:
        """Uploads as records (capability UPLOAD_RECORDS)."""
        raise Unsupported("Records of uploads")

    @property
    def project_actions(self) -> ProjectActions:
        """Create, edit, hide and delete projects (capability EDIT_PROJECTS)."""
        raise Unsupported("Changing projects")

    @property
    def pipelines(self) -> Pipelines:
        """What projects can be analysed with (capability PIPELINES)."""
        raise Unsupported("The list of pipelines")

    @property
    def sample_actions(self) -> SampleActions:
        """Cancel, hide, delete, restore, import and copy samples (capability SAMPLE_ACTIONS)."""
        raise Unsupported("Acting on samples")

    @property
    def sample_facts(self) -> SampleFacts:
        """Metadata, status history, size and results (capabilities METADATA and STATUS_HISTORY)."""
        raise Unsupported("Metadata and history of samples")

    @property
    def quality(self) -> Quality:
        """Quality control of samples and projects (capability QUALITY_CONTROLS)."""
        raise Unsupported("Quality-control metrics")

    @property
    def batches(self) -> Batches:
        """Batches and the merged VCF (capabilities BATCHES and MERGED_VCF)."""
        raise Unsupported("Batches and merged VCFs")

    @property
    def manifests(self) -> Manifests:
        """Sample manifests (capability MANIFESTS)."""
        raise Unsupported("Sample manifests")

    @property
    def subscriptions(self) -> Subscriptions:
        """Webhooks and e-mails about projects (capability SUBSCRIPTIONS)."""
        raise Unsupported("Subscriptions")

    @property
    def imports(self) -> Imports:
        """Imports from S3 and BaseSpace (capability IMPORTS)."""
        raise Unsupported("Imports")

    @property
    def reports(self) -> Reports:
        """Usage and quality-control tables (capability REPORTS)."""
        raise Unsupported("Reports")

    @property
    def people(self) -> People:
        """Users, roles, sharing and API keys (capability PEOPLE)."""
        raise Unsupported("Users, roles and API keys")
