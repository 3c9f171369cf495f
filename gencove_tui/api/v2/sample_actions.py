"""What can be done to samples (api-v2 §12)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import mapping, moment, string
from gencove_tui.api.transport import component
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.http import Topic, nothing_to_do, partly, portions, words
from gencove_tui.model import Page, Sample, SampleQuery

CANCELLED_AT_ONCE = 20
"""The server takes no more in one request (api-v2 §12)."""
TAKEN_OVER_AT_ONCE = 100
_ELIGIBLE = ("succeeded", "failed qc")


class ExistingSample(Struct, frozen=True, kw_only=True):
    """A sample to take over into another project."""

    sample_id: str
    client_id: str = ""
    """Its client id there; empty keeps the old one."""


class RestoreGroup(Struct, frozen=True, kw_only=True):
    """One request to bring samples back from the archive; its progress can be asked for."""

    id: str
    """Empty when the server doesn't tell (older ones, api-v2 §12)."""
    created: datetime | None = None


class SampleActions(Topic):
    """What changes samples. Lists of ids are never empty by accident: that raises ``ApiProblem``."""

    async def cancel(self, project_id: str, sample_ids: Sequence[str]) -> tuple[str, ...]:
        """``POST /project-cancel-samples/U``: stop analyses that run, 20 at a time.

        Returns the server's words. Raises ``PartlyDone`` when a later portion failed.
        """
        words_said: list[str] = []
        done: list[str] = []
        for portion in portions(_some(sample_ids), CANCELLED_AT_ONCE):
            try:
                path = f"/project-cancel-samples/{component(project_id)}"
                reply = await self._http.post(path, {"sample_ids": list(portion)})
            except ApiProblem as problem:
                raise partly(problem, done) from problem
            done += portion
            if said := string(mapping(reply.json() if reply.body else None).get("message")):
                words_said.append(said)
        return tuple(words_said)

    async def hide(self, project_id: str, sample_ids: Sequence[str]) -> None:
        """``POST /project-hide-samples/U``: out of the usual list; nothing is lost."""
        await self._act("hide", project_id, sample_ids)

    async def unhide(self, project_id: str, sample_ids: Sequence[str]) -> None:
        """``POST /project-unhide-samples/U``: back into the usual list."""
        await self._act("unhide", project_id, sample_ids)

    async def _act(self, word: str, project_id: str, sample_ids: Sequence[str]) -> None:
        path = f"/project-{word}-samples/{component(project_id)}"
        await self._http.post(path, {"sample_ids": list(_some(sample_ids))}, repeatable=True)

    async def delete(self, project_id: str, sample_ids: Sequence[str]) -> None:
        """``DELETE /project-delete-samples/U``: for good; the organization must have it enabled."""
        path = f"/project-delete-samples/{component(project_id)}"
        await self._http.delete(path, {"sample_ids": list(_some(sample_ids))})

    async def restore(self, project_id: str, sample_ids: Sequence[str]) -> RestoreGroup:
        """``POST /project-restore-samples/U``: ask these back from the archive; it takes hours."""
        return await self._restore(project_id, list(_some(sample_ids)))

    async def restore_all(self, project_id: str) -> RestoreGroup:
        """The same for every archived sample of the project."""
        return await self._restore(project_id, [])

    async def _restore(self, project_id: str, sample_ids: list[str]) -> RestoreGroup:
        path = f"/project-restore-samples/{component(project_id)}"
        reply = await self._http.post(path, {"sample_ids": sample_ids})
        data = mapping(reply.json() if reply.body else None)  # older servers answer nothing
        return RestoreGroup(id=string(data.get("restore_group_id")), created=moment(data.get("created")))

    async def restoring(
        self,
        group_id: str,
        query: SampleQuery = SampleQuery(),
        *,
        offset: int = 0,
        limit: int = PAGE,
    ) -> Page[Sample]:
        """``GET /sample-restore-group/U``: a window on the samples of a restore; see ``archive_status``."""
        asked = {name: value for name, value in words(query).items() if not name.startswith("sort_")}
        path = f"/sample-restore-group/{component(group_id)}"
        return await self._http.page(path, wire.sample, asked, offset=offset, limit=limit)

    async def eligible(self, project_id: str) -> tuple[Sample, ...]:
        """The samples of a project that can be imported or copied: finished and not archived."""
        query = words(SampleQuery(status="completed", archive_status="available"))
        path = f"/project-samples/{component(project_id)}"
        rows = await self._http.every(path, lambda row: wire.sample(row, project_id), query)
        return tuple(row for row in rows if row.status in _ELIGIBLE)

    async def import_existing(
        self, project_id: str, samples: Sequence[ExistingSample], *, metadata: Any = None
    ) -> None:
        """``POST /project-samples-import/``: let ``project_id`` use the data of these samples, 100 at a time.

        ``metadata`` (any JSON) replaces theirs there unless None. Raises ``PartlyDone`` with the ids of the
        samples that were taken over before a failure.
        """
        body = {} if metadata is None else {"metadata": metadata}
        await self._take_over("/project-samples-import/", project_id, samples, body)

    async def copy_existing(self, project_id: str, samples: Sequence[ExistingSample]) -> None:
        """``POST /project-samples-copy/``: independent copies, 100 at a time; else like ``import_existing``.

        The organization must have copying enabled.
        """
        await self._take_over("/project-samples-copy/", project_id, samples, {})

    async def _take_over(
        self, path: str, project_id: str, samples: Sequence[ExistingSample], more: dict[str, Any]
    ) -> None:
        if not samples:
            raise nothing_to_do("No samples to take over")
        done: list[str] = []
        for portion in portions(samples, TAKEN_OVER_AT_ONCE):
            rows = [
                {"sample_id": one.sample_id} | ({"client_id": one.client_id} if one.client_id else {})
                for one in portion
            ]
            try:
                await self._http.post(path, {"project_id": project_id, "samples": rows} | more)
            except ApiProblem as problem:
                raise partly(problem, done) from problem
            done += [one.sample_id for one in portion]


def _some(sample_ids: Sequence[str]) -> Sequence[str]:
    if not sample_ids:
        raise nothing_to_do("No samples to act on")
    return sample_ids
