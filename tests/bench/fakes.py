"""As much of Gencove's v2 API as a transfer needs, of our client and of the official one (api-v2 §8-10)."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILES_PER_SAMPLE = 10
FILE_TYPE = "fastq-r1"
BUCKET = "area"
PROJECT = "00000000-0000-4000-8000-000000000000"
_SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
_WHEN = "2026-11-24T12:00:00.000000Z"


def stable_id(*words: object) -> str:
    """The same id for the same words, in every process."""
    return str(uuid.uuid5(_SPACE, " ".join(map(str, words))))


class Result:
    """One deliverable: a file below the folder of results."""

    def __init__(self, name: str, size: int, sample: str, hashed: bool) -> None:
        self.name = name
        self.size = size
        self.sample = sample
        self.hashed = hashed
        self.id = stable_id(name, hashed)


def results(folder: Path, group: str, *, hashed: bool) -> list[Result]:
    """The deliverables of one sub-folder, ten to a sample. ``hashed``: Gencove knows their sha256."""
    paths = sorted((folder / group).iterdir())
    return [
        Result(
            f"{group}/{path.name}",
            path.stat().st_size,
            stable_id(group, hashed, number // FILES_PER_SAMPLE),
            hashed,
        )
        for number, path in enumerate(paths)
    ]


class Gencove:
    """Answers requests. ``stored`` tells the size of an object of the upload area, None while there is none.

    ``routes`` says where the results of a host are fetched, as ``address:port`` for ``address:port``; results
    of other hosts lie on the host itself.
    """

    def __init__(self, folder: Path, stored: Callable[[str], int | None]) -> None:
        self._folder = folder
        self._stored = stored
        self.routes: dict[str, str] = {}
        self._uploads: dict[str, str] = {}
        self._files: dict[str, Result] = {}
        self._samples: dict[str, list[Result]] = {}
        self._sums: dict[str, str] = {}
        self._lock = threading.Lock()
        for group in sorted(path.name for path in folder.iterdir() if path.is_dir()):
            for hashed in (False, True):
                for found in results(folder, group, hashed=hashed):
                    self._files[found.id] = found
                    self._samples.setdefault(found.sample, []).append(found)
                    if hashed:
                        self._sums[found.id] = _sha256(folder / found.name)

    def forget(self) -> None:
        """No uploads any more."""
        with self._lock:
            self._uploads.clear()

    def answer(self, method: str, path: str, body: bytes, host: str) -> tuple[int, bytes]:
        """Status and JSON."""
        del method
        words = path.removeprefix("/api/v2/").strip("/").split("/")
        status, reply = self._reply(words, body, host)
        return status, reply if isinstance(reply, bytes) else json.dumps(reply).encode()

    def _reply(self, words: list[str], body: bytes, host: str) -> tuple[int, Any]:
        match words:
            case ["uploads-post-data"]:
                return 201, self._begin(json.loads(body)["destination_path"])
            case ["uploads", upload]:
                return 200, self._upload(upload)
            case ["upload-credentials"]:
                return 200, {
                    "version": 1,
                    "access_key": "ASIABENCH",
                    "secret_key": "bench",
                    "token": "bench",
                    "expiry_time": "2036-11-24T12:00:00+00:00",
                }
            case ["samples", sample] if sample in self._samples:
                return 200, self._sample(sample, host)
            case ["file-types"]:
                rows = [{"key": FILE_TYPE, "description": ""}]
                return 200, {"meta": {"count": 1, "next": None, "previous": None}, "results": rows}
            case ["files", name] if (found := self._files.get(re.sub(r"\.sha256$", "", name))) is not None:
                if not found.hashed:
                    return 400, {"detail": "File does not have checksum."}
                return 200, f"{self._sums[found.id]} *{Path(found.name).name}\n".encode()
        return 404, {"detail": "Not found."}

    def _status(self, key: str) -> dict[str, Any]:
        done = self._stored(f"{BUCKET}/{key}") is not None
        return {
            "id": stable_id(key, done),
            "status": "succeeded" if done else "started",
            "note": "",
            "created": _WHEN,
        }

    def _begin(self, path: str) -> dict[str, Any]:
        upload = stable_id(path)
        key = f"{upload}/{path.rpartition('/')[2]}"
        with self._lock:
            self._uploads[upload] = path
        return {
            "id": upload,
            "destination_path": path,
            "s3": {"bucket": BUCKET, "object_name": key},
            "last_status": self._status(key),
        }

    def _upload(self, upload: str) -> dict[str, Any]:
        path = self._uploads[upload]
        key = f"{upload}/{path.rpartition('/')[2]}"
        return {
            "id": upload,
            "last_status": self._status(key),
            "file": {"id": upload, "s3_path": key, "size": self._stored(f"{BUCKET}/{key}")},
            "created": _WHEN,
            "destination_path": path,
        }

    def _sample(self, sample: str, host: str) -> dict[str, Any]:
        return {
            "id": sample,
            "client_id": f"client-{sample[:8]}",
            "created": _WHEN,
            "modified": _WHEN,
            "project": PROJECT,
            "last_status": {"id": sample, "status": "succeeded", "note": "", "created": _WHEN},
            "archive_last_status": {
                "id": sample,
                "status": "available",
                "created": _WHEN,
                "transition_cutoff": None,
            },
            "files": [
                {
                    "id": found.id,
                    "file_type": FILE_TYPE,
                    "size": found.size,
                    "checksum_sha256": None,
                    "download_url": result_url(self.routes.get(host, host), found.name),
                }
                for found in self._samples[sample]
            ],
        }


def result_url(host: str, name: str) -> str:
    """A URL as long as presigned ones are."""
    file_name = name.rpartition("/")[2]
    return (
        f"https://{host}/results/{name}?response-content-disposition=attachment%3B%20filename%3D{file_name}"
        f"&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Security-Token={'A' * 600}%2B%2F&X-Amz-Signature={'0' * 64}"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
