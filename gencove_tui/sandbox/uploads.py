"""The upload area: what is in it, how reads pair up, and how they become samples (api-v2 §10, §11)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gencove_tui.sandbox.records import Keys, Project, Sample, Upload
from gencove_tui.sandbox.state import State

NOTICED_SECONDS = 1.0
"""How long after its last byte an upload turns ``succeeded``."""
KEYS_LIFE_SECONDS = 3600.0
_MATE = re.compile(r"_(R)([12])(?=[_.])", re.IGNORECASE)
_ENDING = re.compile(r"\.(fastq|fq)\.(gz|bgz)$", re.IGNORECASE)


@dataclass
class Row:
    """A row of the sample sheet: one file, or two that belong together."""

    client_id: str
    reads: dict[str, Upload] = field(default_factory=dict)

    @property
    def created(self) -> float:
        """When its first file was begun."""
        return min(u.created for u in self.reads.values())

    @property
    def modified(self) -> float:
        """When a file of it last changed."""
        return max(u.last_status.created for u in self.reads.values())

    @property
    def sample_id(self) -> str:
        """The sample that it was assigned to; empty when it wasn't."""
        return next((u.sample_id for u in self.reads.values() if u.sample_id), "")


class PathTaken(Exception):
    """The path belonged to an upload that was deleted."""


class UploadArea:
    """The uploads of the account and the S3 keys that let a client write them."""

    def __init__(self, state: State, bucket: str) -> None:
        self.state = state
        self.bucket = bucket
        self.v1_prefix = f"organization/{state.organization_id}/user/{state.user_id}/area"
        self.uploads: dict[str, Upload] = {}
        self.keys: dict[str, Keys] = {}
        self.pending_backoff: int | None = None
        """v1: how many 202 replies are still to come in this round; None before the first request."""
        self._paths: dict[str, Upload] = {}
        self._object_keys: dict[str, Upload] = {}

    def at(self, path: str) -> Upload | None:
        """The upload at a ``gncv://`` path."""
        return self._paths.get(path)

    def by_key(self, key: str) -> Upload | None:
        """The upload that an S3 key belongs to."""
        return self._object_keys.get(key)

    def begin(self, path: str, source: str = "cli", source_url: str = "") -> Upload:
        """Get or create the upload at a path; raises ``PathTaken`` when it was deleted."""
        existing = self._paths.get(path)
        if existing is not None:
            if existing.deleted:
                raise PathTaken(path)
            return existing
        upload_id = self.state.new_id()
        owner = f"organization/{self.state.organization_id}/user/{self.state.user_id}"
        key = f"{owner}/uploads/{upload_id}.fastq-{_read_of(path)}"
        return self._add(path, key, upload_id, source, source_url)

    def _add(self, path: str, key: str, upload_id: str, source: str, source_url: str = "") -> Upload:
        started = self.state.status("started")
        upload = Upload(upload_id, path, key, started.created, started, source=source, source_url=source_url)
        self.uploads[upload.id] = self._paths[path] = self._object_keys[key] = upload
        return upload

    def object_created(self, key: str, size: int) -> None:
        """S3 says that an object is complete; the upload turns ``succeeded`` a moment later."""
        upload = self._object_keys.get(key)
        if upload is None and key.startswith(self.v1_prefix + "/"):
            path = "gncv://" + key.removeprefix(self.v1_prefix + "/")
            upload = self._add(path, key, self.state.new_id(), "s3")
        if upload is None or self.state.faults.hit("no-s3-events", key):
            return
        self.state.clock.after(NOTICED_SECONDS, lambda: self._succeed(upload, size))

    def object_deleted(self, key: str) -> None:
        """S3 says that an object is gone: a v1 upload is forgotten."""
        upload = self._object_keys.get(key)
        if upload is not None and key.startswith(self.v1_prefix + "/"):
            self.forget(upload)

    def forget(self, upload: Upload) -> None:
        """Remove every trace of an upload, so that its path is free again."""
        self.uploads.pop(upload.id, None)
        self._paths.pop(upload.path, None)
        self._object_keys.pop(upload.key, None)

    def succeed(self, upload: Upload, size: int, created: float | None = None) -> None:
        """Let an upload be finished at once, as scenarios do."""
        upload.size = size
        upload.last_status = self.state.status("succeeded", created=created)

    def _succeed(self, upload: Upload, size: int) -> None:
        if upload.id not in self.uploads or upload.deleted:
            return
        if self.state.faults.hit("upload-fails", upload.key):
            upload.last_status = self.state.status("failed", "The file can't be read.")
        else:
            self.succeed(upload, size)

    def sheet(self, status: str = "all", search: str = "") -> list[Row]:
        """The sample sheet: finished uploads, R1 and R2 in one row where their names say so."""
        rows: dict[tuple[str, str], Row] = {}
        for upload in self.uploads.values():
            if upload.deleted or upload.last_status.status != "succeeded":
                continue
            folder, _, name = upload.path.rpartition("/")
            read = _read_of(name)
            row = rows.setdefault((folder, _MATE.sub("_", name)), Row(_client_id(name)))
            row.reads.setdefault(read, upload)
        wanted = {"assigned": True, "unassigned": False}.get(status)
        return [
            row
            for row in rows.values()
            if (wanted is None or bool(row.sample_id) is wanted) and _matches(row, search)
        ]

    def assign(
        self, project: Project, rows: Iterable[tuple[str, dict[str, str]]], metadata: Any
    ) -> list[Sample]:
        """Make a sample of every row (client id, ``r1``/``r2`` → upload id) and start its analysis."""
        samples = []
        for client_id, reads in rows:
            sample = self.state.start_sample(project, client_id)
            sample.uploads, sample.metadata = dict(reads), metadata
            for upload_id in reads.values():
                self.uploads[upload_id].sample_id = sample.id
            samples.append(sample)
        return samples

    def assign_folder(self, project: Project, prefix: str, metadata: Any = None) -> list[Sample]:
        """What the dashboard does: assign all unassigned uploads below a ``gncv://`` prefix."""
        rows = [
            (row.client_id, {read: upload.id for read, upload in row.reads.items()})
            for row in self.sheet("unassigned", prefix)
        ]
        return self.assign(project, rows, metadata)

    def issue_keys(self) -> Keys:
        """New temporary S3 keys."""
        life = self.state.faults.lifetime("expire-credentials")
        keys = Keys(
            access_key="ASIA" + secrets.token_hex(8).upper(),
            secret_key=secrets.token_urlsafe(30),
            # Signs that need quoting in a URL, as real tokens have them.
            token=f"sandbox/{secrets.token_urlsafe(60)}+/==",
            expires=self.state.clock.now() + (KEYS_LIFE_SECONDS if life is None else life),
        )
        self.keys[keys.access_key] = keys
        return keys


def form_signature(keys: Keys, policy: str) -> str:
    """What proves that a form with this policy was made with these keys."""
    digest = hmac.new(keys.secret_key.encode(), policy.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _read_of(name: str) -> str:
    match = _MATE.search(name)
    return f"r{match[2]}" if match else "r1"


def _client_id(name: str) -> str:
    return _ENDING.sub("", name).split("_", 1)[0]


def _matches(row: Row, search: str) -> bool:
    if search.startswith("gncv://"):
        return any(u.path.startswith(search) for u in row.reads.values())
    return any(search in u.path for u in row.reads.values()) or search == row.client_id
