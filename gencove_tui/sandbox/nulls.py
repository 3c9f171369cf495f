"""The ``nulls`` fault: fields that a client must not rely on become null or go missing."""

from __future__ import annotations

import zlib
from typing import Any

# fmt: off
_KEPT = frozenset((
    "id", "sample_id", "project_id", "meta", "count", "next", "previous", "results", "file_type",
    "destination_path", "s3", "bucket", "object_name", "access_key", "secret_key", "token",
    "expiry_time", "AccessKeyId", "SecretAccessKey", "SessionToken", "credentials", "aws", "paths",
    "path_s3", "projects", "project", "samples", "sample", "raw_data", "uploads", "fastq", "upload",
    "access", "refresh", "key", "url",
))
# fmt: on


def with_nulls(value: Any, salt: str) -> Any:
    """The same reply with half of its other fields set to null or left out, repeatably for one ``salt``."""
    if isinstance(value, list):
        return [with_nulls(item, f"{salt}.{index % 7}") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    result = {}
    for name, inner in value.items():
        roll = zlib.crc32(f"{salt}/{name}".encode()) % 4
        if name in _KEPT or roll >= 2:
            result[name] = with_nulls(inner, f"{salt}/{name}")
        elif roll == 0:
            result[name] = None
    return result
