"""Saving what the API says of a sample, quality control and metadata, as the official client's JSON files."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from gencove_tui.engine.localfile import give_name
from gencove_tui.engine.outcome import TransferFailed
from gencove_tui.engine.targets import METADATA, PART_SUFFIX, QC
from gencove_tui.engine.trouble import disk_problem
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, DownloadSource, Transfer, TransferState


class DocumentJob:
    """One attempt at one document: small, so it is written as a whole or not at all."""

    def __init__(self, work: Work, transfer: Transfer) -> None:
        if transfer.source is None:
            raise ValueError("a download needs a source")
        self._work = work
        self._transfer = transfer
        self._source: DownloadSource = transfer.source
        self._target = Path(transfer.local_path)
        self._partial = self._target.with_name(self._target.name + PART_SUFFIX)

    async def run(self) -> TransferState:
        """Fetch and save it; DONE, or SKIPPED when the same is there. Raises ``Problem``."""
        body = msgspec.json.encode(await self._ask())
        try:
            state = await self._work.in_thread(lambda: self._save(body))
        except OSError as error:
            raise disk_problem(self._target, error) from error
        self._work.ledger.transfers.note(self._transfer.id, size=len(body), bytes_done=len(body))
        return state

    async def _ask(self) -> object:
        api = self._work.api
        if self._source.file_type == QC and Capability.QUALITY_CONTROLS in api.capabilities:
            return await api.quality.document(self._source.sample_id)
        if self._source.file_type == METADATA and Capability.METADATA in api.capabilities:
            return await api.sample_facts.metadata(self._source.sample_id)
        raise TransferFailed(
            f"This API has no {self._source.file_type} of a sample", "", "Remove it from the queue."
        )

    def _save(self, body: bytes) -> TransferState:
        if self._target.exists():
            if self._target.read_bytes() == body:
                return TransferState.SKIPPED
            raise TransferFailed(
                f"{self._target} is there already and differs",
                "the sample's data has changed since, or another program wrote it",
                "Move it away or choose another folder, then retry. Nothing was overwritten.",
            )
        self._target.parent.mkdir(parents=True, exist_ok=True)
        with self._partial.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        give_name(self._partial, self._target)
        return TransferState.DONE

    async def abandon(self) -> None:
        """Remove what a crash may have left."""
        self._partial.unlink(missing_ok=True)

    def gave_up(self, reason: Exception) -> Problem:
        """Never needed: nothing here starts over."""
        return TransferFailed(f"{self._transfer.remote} can't be saved", str(reason), "Retry.")
