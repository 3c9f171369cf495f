"""Objects of parts that were begun and never finished: they cost storage and are ours to clear away."""

from __future__ import annotations

import logging
import time

from gencove_tui.api.s3 import S3Problem
from gencove_tui.engine.insist import insist
from gencove_tui.engine.work import Work
from gencove_tui.store.transfers import Multipart

log = logging.getLogger(__name__)

OLD_SECONDS = 6 * 86400.0
"""Stores usually clear unfinished parts themselves after seven days (transfer-anchors §3.3)."""
UNUSED_SECONDS = 60.0
"""The same for those that no upload will use, which usually are being aborted already."""
_GONE = frozenset({"NoSuchUpload", "NoSuchBucket"})


async def abort_multipart(work: Work, multipart: Multipart) -> None:
    """Throw the parts away; what can't be now is tried again with the leftovers."""
    s3 = await work.s3()
    try:
        await insist(s3, lambda: s3.abort(multipart.bucket, multipart.object_key, multipart.multipart_id))
    except S3Problem as problem:
        if problem.code not in _GONE:
            log.info("a multipart could not be aborted: %s", problem)
            return
    work.ledger.transfers.forget_multipart(multipart.multipart_id)


async def clear_orphans(work: Work, bucket: str, key: str) -> None:
    """Abort what was begun for this very object without its id being noted, where that is allowed."""
    s3 = await work.s3()
    try:
        orphans = await insist(s3, lambda: s3.list_multiparts(bucket, key))
    except S3Problem as problem:
        if problem.retryable:
            raise
        return  # the store's life-cycle rule clears what we can't see
    for multipart_id in orphans:
        await abort_multipart(work, Multipart(multipart_id, bucket, key))


async def clear_old(work: Work) -> None:
    """Abort what no upload will use, and what none has worked on for six days: it would begin anew."""
    now = time.time()
    for multipart in work.ledger.transfers.stale_multiparts(now - OLD_SECONDS, now - UNUSED_SECONDS):
        await abort_multipart(work, multipart)
