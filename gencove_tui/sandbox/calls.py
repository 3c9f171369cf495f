"""What a request handler gets and gives, whatever the dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    from gencove_tui.sandbox.account import Account
    from gencove_tui.sandbox.records import Project, Sample
    from gencove_tui.sandbox.state import State
    from gencove_tui.sandbox.uploads import UploadArea

T = TypeVar("T")
DEFAULT_LIMIT = 20
MAX_LIMIT = 200


@dataclass
class Reply:
    """An answer. ``body`` becomes JSON, unless it is bytes (sent as they are) or None (nothing sent)."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


class Refused(Exception):
    """Raised by handlers to answer with an error."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.reply = Reply(status, body)


def not_found() -> Refused:
    """404 as Django REST Framework words it."""
    return Refused(404, {"detail": "Not found."})


def invalid(**fields: str) -> Refused:
    """400 with one message for each bad field."""
    return Refused(400, {name: [message] for name, message in fields.items()})


@dataclass
class Call:
    """One request, decoded."""

    account: Account
    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    """The last value of each parameter."""
    repeated: list[tuple[str, str]]
    """All parameters in order, for those that may be given several times."""
    body: Any
    raw: bytes
    content_type: str
    host: str
    """Base URL that the client used, without a closing slash."""

    @property
    def state(self) -> State:
        """The account's state."""
        return self.account.state

    @property
    def uploads(self) -> UploadArea:
        """The account's upload area."""
        return self.account.uploads

    def all(self, name: str) -> list[str]:
        """Every value of a query parameter."""
        return [value for key, value in self.repeated if key == name]

    def project(self, name: str = "project_id") -> Project:
        """The project that the path names by its v2 id, or 404."""
        project = self.state.projects.get(self.params[name])
        if project is None:
            raise not_found()
        return project

    def sample(self, name: str = "sample_id") -> Sample:
        """The sample that the path names by its v2 id, or 404."""
        sample = self.state.sample(self.params[name])
        if sample is None:
            raise not_found()
        return sample

    def fields(self) -> dict[str, Any]:
        """The body as an object, or 400."""
        if not isinstance(self.body, dict):
            raise Refused(400, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
        return self.body

    def text(self, name: str, longest: int = 254, default: str | None = None) -> str:
        """A text field of the body, or 400; required unless there is a default."""
        value = self.fields().get(name, default)
        if value is None:
            raise invalid(**{name: "This field is required."})
        if not isinstance(value, str):
            raise invalid(**{name: "Not a valid string."})
        if len(value) > longest:
            raise invalid(**{name: f"Ensure this field has no more than {longest} characters."})
        if default is None and not value:
            raise invalid(**{name: "This field may not be blank."})
        return value

    def ids(self, name: str, may_be_empty: bool = False) -> list[str]:
        """A list of ids in the body, or 400."""
        value = self.fields().get(name)
        if value is None:
            raise invalid(**{name: "This field is required."})
        if not isinstance(value, list):
            raise invalid(**{name: f'Expected a list of items but got type "{type(value).__name__}".'})
        if not value and not may_be_empty:
            raise invalid(**{name: "This list may not be empty."})
        if not all(isinstance(item, str) for item in value):
            raise invalid(**{name: "Must be a valid UUID."})
        return value

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        """A query parameter with a fixed set of values, or 400."""
        value = self.query.get(name) or default
        if value not in (*allowed, default):
            raise invalid(**{name: f"Select a valid choice. {value} is not one of the available choices."})
        return value

    def whole(self, name: str, default: int) -> int:
        """A query parameter that counts something; nonsense means the default."""
        value = self.query.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else default

    def page(self, rows: Sequence[T], draw: Callable[[T], Any]) -> Reply:
        """A window on a list, as ``limit`` and ``offset`` ask for, in the envelope (api-v2 §4)."""
        limit = min(self.whole("limit", DEFAULT_LIMIT), MAX_LIMIT) or DEFAULT_LIMIT
        offset = self.whole("offset", 0)
        count = len(rows)
        following = self._page_url(limit, offset + limit) if offset + limit < count else None
        previous = self._page_url(limit, max(0, offset - limit)) if offset > 0 else None
        results = [draw(row) for row in rows[offset : offset + limit]]
        meta = {"count": count, "next": following, "previous": previous}
        return Reply(200, {"meta": meta, "results": results})

    def _page_url(self, limit: int, offset: int) -> str:
        query = {k: v for k, v in self.query.items() if k not in ("limit", "offset")}
        query["limit"] = str(limit)
        if offset:
            query["offset"] = str(offset)
        return f"{self.host}{self.path}?{urlencode(query)}"


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Endpoint:
    """A handler and where it listens."""

    method: str
    path: str
    handler: Handler
    open: bool = False
    """Whether it answers without a key."""


class Routes:
    """Collects the endpoints of one topic."""

    def __init__(self, prefix: str = "") -> None:
        self.endpoints: list[Endpoint] = []
        self._prefix = prefix

    def __call__(self, method: str, path: str, *, open: bool = False) -> Callable[[Handler], Handler]:
        """Register the decorated function."""

        def register(handler: Handler) -> Handler:
            self.endpoints.append(Endpoint(method, self._prefix + path, handler, open))
            return handler

        return register
