"""What all topics of API v2 share: its prefix, its pages, its lists (api-v2 §1, §4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from gencove_tui.api.errors import ApiProblem, Kind, PartlyDone, bad_reply
from gencove_tui.api.protocol import PAGE
from gencove_tui.api.text import integer, mapping, string
from gencove_tui.api.transport import WORK_SECONDS, Form, Query, Reply, Transport
from gencove_tui.model import Page, ProjectQuery, SampleQuery

T = TypeVar("T")

BASE = "/api/v2"
_MOST_ROWS = 1_000_000


class Http:
    """Requests below ``/api/v2``; raises ``ApiProblem`` like ``Transport``. Paths begin with a slash."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def get(self, path: str, query: Query | None = None) -> Reply:
        """GET, repeated on failures that pass."""
        return await self.transport.get(BASE + path, query)

    async def object(self, path: str, query: Query | None = None) -> dict[str, Any]:
        """GET one JSON object."""
        return (await self.get(path, query)).object(_topic(path))

    async def page(
        self,
        path: str,
        decode: Callable[[dict[str, Any]], T],
        query: Query | None = None,
        *,
        offset: int = 0,
        limit: int = PAGE,
    ) -> Page[T]:
        """GET a window on a list. A bare array is taken as the whole list (api-v2 §4)."""
        asked = dict(query or {}) | {"limit": limit, "offset": offset}
        return page_of((await self.get(path, asked)).json(), decode, _topic(path), offset)

    async def every(
        self, path: str, decode: Callable[[dict[str, Any]], T], query: Query | None = None
    ) -> tuple[T, ...]:
        """GET all rows of a list that is known to be short, page by page."""
        found: list[T] = []
        while True:
            page = await self.page(path, decode, query, offset=len(found))
            found += page.items
            if not page.more or len(found) > _MOST_ROWS:
                return tuple(found)

    async def post(self, path: str, body: Any, *, repeatable: bool = False) -> Reply:
        """POST JSON; repeated only when the caller says that a repeat is harmless (api-v2 §3)."""
        return await self.transport.request(
            "POST", BASE + path, body=body, repeatable=repeatable, timeout=WORK_SECONDS
        )

    async def patch(self, path: str, body: Any) -> Reply:
        """PATCH JSON. Setting the same values again is harmless, so it is repeated."""
        return await self.transport.request("PATCH", BASE + path, body=body, repeatable=True)

    async def delete(self, path: str, body: Any = None) -> Reply:
        """DELETE, in places with a JSON body (api-v2 §1)."""
        return await self.transport.request("DELETE", BASE + path, body=body)

    async def send_file(self, path: str, form: Form) -> Reply:
        """POST a file as a form."""
        return await self.transport.request("POST", BASE + path, form=form, timeout=WORK_SECONDS)


class Topic:
    """A group of methods of API v2 over one connection."""

    def __init__(self, http: Http) -> None:
        self._http = http


def page_of(data: Any, decode: Callable[[dict[str, Any]], T], what: str, offset: int = 0) -> Page[T]:
    """A page from ``{meta, results}`` or a bare array; ``meta`` may be missing (api-v2 §4).

    Raises ``ApiProblem`` that names the row when one can't be used at all.
    """
    rows = data if isinstance(data, list) else mapping(data).get("results")
    if not isinstance(rows, list):
        raise bad_reply(what, "$.results")
    items = []
    for position, row in enumerate(rows):
        if not isinstance(row, dict):
            raise bad_reply(what, f"$.results[{position}]")
        try:
            items.append(decode(row))
        except ApiProblem as problem:
            if problem.kind is Kind.BAD_REPLY:
                problem.why = problem.why.replace("$", f"$.results[{position}]", 1)
            raise
    meta = mapping(mapping(data).get("meta"))
    total = integer(meta.get("count"))
    if isinstance(data, list):
        total = len(items)
    following = bool(string(meta.get("next"))) or (total is not None and offset + len(items) < total)
    return Page(items=tuple(items), offset=offset, total=total, more=following and bool(items))


def words(query: ProjectQuery | SampleQuery) -> dict[str, str | int]:
    """Query parameters of what was asked for (api-v2 §4)."""
    found: dict[str, str | int] = {}
    for name in query.__struct_fields__:
        value = getattr(query, name)
        if name == "descending" or value in (None, ""):
            continue
        if isinstance(value, bool):
            found[name] = "true" if value else "false"
        else:
            found[name] = value if isinstance(value, str) else value.isoformat()
    if query.sort_by:
        found["sort_order"] = "desc" if query.descending else "asc"
    return found


def portions(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, ``size`` at a time; never an empty portion."""
    portion: list[T] = []
    for item in items:
        portion.append(item)
        if len(portion) == size:
            yield portion
            portion = []
    if portion:
        yield portion


def partly(failure: ApiProblem, done: Sequence[str]) -> ApiProblem:
    """The failure itself, or what was done before it as well."""
    return PartlyDone(failure, done) if done else failure


def nothing_to_do(what: str) -> ApiProblem:
    """A list of ids is empty: some endpoints take that as "all", so it is never sent by accident."""
    return ApiProblem(Kind.INVALID, what, "nothing is chosen", "Mark some rows first.")


def _topic(path: str) -> str:
    return path.strip("/").split("/")[0].replace("-", " ")
