"""Everything that belongs to the sandbox's one account, tied together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gencove_tui.sandbox.hooks import Hooks
from gencove_tui.sandbox.presign import LIFE_SECONDS, Signer
from gencove_tui.sandbox.query import SampleLists
from gencove_tui.sandbox.records import AutoImport, Job, Manifest, RestoreGroup, Share, StoredFile
from gencove_tui.sandbox.state import State
from gencove_tui.sandbox.tokens import Tokens
from gencove_tui.sandbox.uploads import UploadArea


class Account:
    """The state, the upload area, and whatever else the account has."""

    def __init__(self, state: State, bucket: str, delete_object: Callable[[str], None]) -> None:
        self.state = state
        self.hooks = Hooks(state)
        self.tokens = Tokens(state)
        self.sample_lists = SampleLists()
        self.delete_object = delete_object
        """Removes an object of the upload bucket by its key."""
        self.uploads = UploadArea(state, bucket)
        self.signer = Signer()
        self.s3_endpoint = ""
        self.batches: dict[str, Job] = {}
        self.manifests: dict[str, Manifest] = {}
        self.restore_groups: dict[str, RestoreGroup] = {}
        self.shares: dict[str, Share] = {}
        self.s3_autoimports: dict[str, AutoImport] = {}
        self.basespace_autoimports: dict[str, AutoImport] = {}
        self.s3_role = ""
        self.s3_external_id = ""
        self.user_config: dict[str, Any] = {}
        self.v1_sessions: dict[str, str] = {}
        """v1: device → its latest refresh token."""

    def url(self, file: StoredFile) -> str:
        """A fresh presigned URL."""
        life = self.state.faults.lifetime("expire-urls")
        return self.signer.url(
            file.s3_path, file.name, self.state.clock.now(), LIFE_SECONDS if life is None else life
        )

    def checksum(self, file: StoredFile) -> str:
        """The sha256 that the API states: empty when it states none, wrong under ``wrong-checksum``."""
        if not file.checksum_stated:
            return ""
        digest = file.sha256
        if self.state.faults.hit("wrong-checksum", file.kind):
            return digest[::-1] if digest != digest[::-1] else "0" * 64
        return digest

    def file_object(self, file: StoredFile, available: bool = True) -> dict[str, Any]:
        """A file as v2 shows it (api-v2 §8)."""
        return {
            "id": file.id,
            "s3_path": file.s3_path,
            "size": file.content.size if file.size_stated else None,
            "download_url": self.url(file) if available else None,
            "file_type": file.kind,
            "checksum_sha256": self.checksum(file),
            "shadow_mode": False,
        }
