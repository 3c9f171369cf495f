"""Saving what the API says of a sample, quality control and metadata, as the official client's JSON files."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from gencove_tui.engine.localfile import give_name
from gencove_tui.engine.outcome import TransferFailed
from gencove_tui.engine.targets import METADATA, PART_SUFFIX, QC
from gencove_tui.engine.trouble import disk_problem
from gencove_tui.engine.work import Work
from gencove_tui.errors import Problem
from gencove_tui.model import Capability, DownloadSource, Transfer, TransferState


class DocumentJob:
    """One attempt at one document: small, so it is written as a whole or not at all.

    A file that is there stays, as with the official client, whatever the data has become meanwhile.
    """

    def __init__(self, work: Work, transfer: Transfer) -> None:
        if transfer.source is None:
            raise ValueError("a download needs a source")
        self._work = work
        self._transfer = transfer
        self._source: DownloadSource = transfer.source
        self._target = Path(transfer.local_path)
        self._disk = work.disks.of(self._target)
        self._partial = self._target.with_name(self._target.name + PART_SUFFIX)

    async def run(self) -> TransferState:
        """Fetch and save it; DONE, or SKIPPED when one is there. Raises ``Problem``."""
        body = await self._ask()
        try:
            there = await self._disk.soon(self._there)
            if not there:
                await self._disk.soon(partial(self._save, body))
        except OSError as error:
            raise disk_problem(self._target, error) from error
        if there and _parsed(there) != _parsed(body):
            self._work.ledger.events.add(
                "download.older",
                f"{self._target} is there already and differs from what Gencove says today: "
                "move it away and retry to get today's",
                {"local": str(self._target)},
                transfer_id=self._transfer.id,
            )
        self._work.ledger.transfers.note(self._transfer.id, size=len(body), bytes_done=len(body))
        return TransferState.SKIPPED if there else TransferState.DONE

    async def _ask(self) -> bytes:
        api = self._work.api
        if self._source.file_type == QC and Capability.QUALITY_CONTROLS in api.capabilities:
            return qc_file(await api.quality.document(self._source.sample_id))
        if self._source.file_type == METADATA and Capability.METADATA in api.capabilities:
            return metadata_file(await api.sample_facts.metadata(self._source.sample_id))
        raise TransferFailed(
            f"This API has no {self._source.file_type} of a sample", "", "Remove it from the queue."
        )

    def _there(self) -> bytes:
        """What an earlier run or another program left there; an empty file is nothing."""
        try:
            return self._target.read_bytes()
        except FileNotFoundError:
            return b""

    def _save(self, body: bytes) -> None:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        with self._partial.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        if self._target.exists() and not self._target.stat().st_size:
            self._target.unlink()
        give_name(self._partial, self._target)

    async def abandon(self) -> None:
        """Remove what a crash may have left."""
        await self._disk.soon(partial(self._partial.unlink, missing_ok=True))

    def gave_up(self, reason: Exception) -> Problem:
        """Never needed: nothing here starts over."""
        return TransferFailed(f"{self._transfer.remote} can't be saved", str(reason), "Retry.")


def qc_file(rows: list[dict[str, Any]]) -> bytes:
    """Quality controls as the official client (4.5) writes them: four fields each, what is null left out."""
    return json.dumps([_qc_row(row) for row in rows]).encode()


def metadata_file(metadata: Any) -> bytes:
    """Metadata as the official client (4.5) writes them: compact, in UTF-8, below one key."""
    return json.dumps({"metadata": metadata}, ensure_ascii=False, separators=(",", ":")).encode()


def _qc_row(row: dict[str, Any]) -> dict[str, Any]:
    kind, control = row.get("quality_control_type"), row.get("quality_control")
    return {
        "quality_control_type": kind and _known(kind, "key", "type"),
        "quality_control": control
        and {
            name: float(value) if name in ("value_expected", "value_measured") else value
            for name, value in _known(
                control, "value_expected", "value_measured", "value_string", "status"
            ).items()
            if value != ""
        },
    }


def _known(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if data.get(name) is not None}


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body
