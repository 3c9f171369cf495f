"""Records of single uploads: looking them up, letting Gencove fetch a URL, deleting (api-v2 §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from gencove_tui.api.errors import bad_reply
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import mapping, strings
from gencove_tui.api.transport import component
from gencove_tui.api.v2 import wire
from gencove_tui.api.v2.http import Topic, nothing_to_do
from gencove_tui.model import GncvPath, Page, Upload


class BrowserForm(Struct, frozen=True, kw_only=True):
    """A form that a browser can send a file with. A secret: its repr shows nothing."""

    url: str
    fields: dict[str, str]

    def __repr__(self) -> str:
        return "BrowserForm(…)"

    def __rich_repr__(self) -> Any:
        yield from ()


class UploadRecords(Topic):
    """The upload area as records rather than as a tree."""

    async def listing(
        self, *, search: str = "", status: str = "", offset: int = 0, limit: int = PAGE
    ) -> Page[Upload]:
        """``GET /uploads/``: a window, newest first.

        ``search`` is part of an id; ``status`` is ``started``, ``succeeded`` or ``failed``.
        """
        given = {"search": search, "status": status}
        query = {name: value for name, value in given.items() if value}
        return await self._http.page("/uploads/", wire.upload, query, offset=offset, limit=limit)

    async def one(self, upload_id: str) -> Upload:
        """``GET /uploads/U``."""
        return wire.upload(await self._http.object(f"/uploads/{component(upload_id)}"))

    async def from_url(self, path: GncvPath, source_url: str) -> Upload:
        """``POST /uploads-url/``: let Gencove fetch an http(s) URL into ``path``.

        The path is the key, so a repeat is harmless.
        """
        body = {"destination_path": path, "source_url": source_url}
        reply = await self._http.post("/uploads-url/", body, repeatable=True)
        return wire.upload({"destination_path": path} | reply.object("an upload"))

    async def browser_form(self, path: GncvPath) -> BrowserForm:
        """``POST /uploads-presigned-post-data/``: a form for sending one file from a browser."""
        body = {"destination_path": path}
        data = (await self._http.post("/uploads-presigned-post-data/", body, repeatable=True)).object(
            "a form"
        )
        url, fields = data.get("url"), mapping(data.get("fields"))
        if not isinstance(url, str) or not url:
            raise bad_reply("a form", "$.url")
        return BrowserForm(url=url, fields={k: v for k, v in fields.items() if isinstance(v, str)})

    async def delete_unassigned(self, upload_ids: Sequence[str]) -> tuple[str, ...]:
        """``POST /uploads-delete-unassigned/``: delete those that no sample uses; returns their ids.

        The paths of deleted uploads can't be used again (api-v2 §10).
        """
        if not upload_ids:
            raise nothing_to_do("No uploads to delete")
        body = {"upload_ids": list(upload_ids)}
        data = (await self._http.post("/uploads-delete-unassigned/", body)).json()
        return strings(data if isinstance(data, list) else mapping(data).get("upload_ids"))
