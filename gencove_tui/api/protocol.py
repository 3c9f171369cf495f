"""What every dialect offers, in the field's words.

Every method raises ``ApiProblem`` (``api/errors.py``) and nothing else. Ids are strings in both dialects.
A dialect without a capability raises ``Unsupported`` (an ``ApiProblem``) from the methods it covers.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from gencove_tui.model import (
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

PAGE = 200
"""Rows per request; the size that the official client uses and the server honours (api-v2 §4)."""


@runtime_checkable
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
        self, query: ProjectQuery = ..., *, offset: int = 0, limit: int = PAGE
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
        self, project_id: str, query: SampleQuery = ..., *, offset: int = 0, limit: int = PAGE
    ) -> Page[Sample]:
        """A window on the list of a project's samples, without deliverables."""
        ...

    async def sample(self, project_id: str, sample_id: str) -> Sample:
        """One sample with its deliverables and their presigned URLs, freshly signed."""
        ...

    async def file_types(self, project_id: str | None = None) -> tuple[FileType, ...]:
        """Kinds of deliverables, of one project or of all (capability FILE_TYPES)."""
        ...

    async def checksum(self, deliverable: Deliverable) -> str:
        """sha256 of a deliverable in hexadecimal, or "" when Gencove has none."""
        ...

    async def uploads(self, prefix: GncvPath = ..., *, offset: int = 0, limit: int = PAGE) -> Page[Upload]:
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
