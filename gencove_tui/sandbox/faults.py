"""Faults: what goes wrong on purpose, how often, and where."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gencove_tui.errors import InputProblem

GRAMMAR = "NAME[=VALUE][@COUNT[+SKIP]][:TEXT]"
"""VALUE: a number; for "chance" faults a probability. COUNT: only that many times, after the first SKIP
occasions. TEXT: only for request paths (S3: keys) that contain it."""


@dataclass(frozen=True)
class FaultKind:
    """A fault that can be asked for."""

    name: str
    help: str
    chance: bool = True
    """Whether VALUE is the probability of each occasion; otherwise it is a quantity."""
    default: float | None = 1.0
    """VALUE when none is given; None means that it must be given."""


KINDS: dict[str, FaultKind] = {
    kind.name: kind
    for kind in (
        FaultKind("latency", "every API reply waits VALUE seconds", chance=False, default=None),
        FaultKind("401", "the key is refused"),
        FaultKind("403", "permission is refused"),
        FaultKind("429", "too many requests; see retry-after"),
        FaultKind("500", "internal error"),
        FaultKind("502", "an HTML page of a proxy"),
        FaultKind("503", "unavailable, without a body"),
        FaultKind("retry-after", "429 and 503 carry Retry-After: VALUE", chance=False, default=1),
        FaultKind("maintenance", "503 with the maintenance body, ETA in VALUE s", chance=False, default=3600),
        FaultKind("drop", "the connection closes without a reply; nothing was done"),
        FaultKind("lost", "the request is carried out, then the connection closes without a reply"),
        FaultKind("empty", "200 with an empty body; nothing was done"),
        FaultKind("broken-json", "the reply's JSON stops in the middle"),
        FaultKind("nulls", "optional fields become null or go missing"),
        FaultKind("silent", "the request is accepted and never answered"),
        FaultKind("portal", "200 with the login page of a network in place of JSON"),
        FaultKind("no-status", "a new upload's last_status is null at first"),
        FaultKind("no-s3-events", "finished uploads are not noticed: they stay started"),
        FaultKind("upload-fails", "v2: a finished upload turns failed"),
        FaultKind("backoff", "v1 credentials answer 202 VALUE times first", chance=False, default=2),
        FaultKind("wrong-checksum", "the API states a sha256 that the file doesn't have"),
        FaultKind("corrupt", "a downloaded byte is wrong"),
        FaultKind("cut", "a download stops in the middle"),
        FaultKind("reset", "a download's connection is reset in the middle"),
        FaultKind("short", "a download's connection ends in good order in the middle"),
        FaultKind(
            "stall", "a download falls silent after the VALUE part of its body", chance=False, default=0.5
        ),
        FaultKind("changed", "the file behind a presigned URL changed: 412 on If-Match"),
        FaultKind("no-ranges", "Range is ignored: 200 with the whole file"),
        FaultKind("wrong-range", "another range than asked for, and Content-Range says so"),
        FaultKind("wrong-total", "Content-Range states another size of the file"),
        FaultKind(
            "wrong-length", "a body VALUE times as long as Content-Range says", chance=False, default=0.5
        ),
        FaultKind("no-content-range", "206 without Content-Range"),
        FaultKind("gzip-encoding", "a download says Content-Encoding: gzip, as a gzip file may"),
        FaultKind("html", "200 with a web page in place of a file"),
        FaultKind("error-body", "200 with an XML error in place of a file"),
        FaultKind("redirect", "302 to a web page in place of a file"),
        FaultKind("gone", "404 in place of a file"),
        FaultKind("file-expired", "400 ExpiredToken in place of a file: the keys that signed its URL ended"),
        FaultKind("file-500", "500 InternalError in place of a file"),
        FaultKind("file-slowdown", "503 SlowDown in place of a file"),
        FaultKind("rate", "downloads run at VALUE bytes/s (k, M, G allowed)", chance=False, default=None),
        FaultKind("expire-urls", "presigned URLs live VALUE s; without VALUE: a use is refused as expired"),
        FaultKind("expire-credentials", "S3 keys live VALUE s; without VALUE: a use is refused as expired"),
        FaultKind("s3-latency", "every S3 reply waits VALUE seconds", chance=False, default=None),
        FaultKind("s3-rate", "each S3 body is read at VALUE bytes/s (k, M, G)", chance=False, default=None),
        FaultKind("s3-slowdown", "503 SlowDown"),
        FaultKind("s3-500", "500 InternalError"),
        FaultKind("s3-denied", "403 AccessDenied"),
        FaultKind("s3-no-lists", "403 on ListParts, ListMultipartUploads and HEAD"),
        FaultKind("s3-expired-403", "403 ExpiredToken; expire-credentials answers 400, as S3 does"),
        FaultKind("s3-invalid-token", "400 InvalidToken"),
        FaultKind("s3-bad-signature", "403 SignatureDoesNotMatch"),
        FaultKind("s3-unknown-key", "403 InvalidAccessKeyId"),
        FaultKind("s3-skewed", "403 RequestTimeTooSkewed: the clocks differ too much"),
        FaultKind("s3-timeout", "400 RequestTimeout"),
        FaultKind("s3-html", "200 with a web page; nothing is stored"),
        FaultKind("s3-drop", "the connection closes in the middle of the body; nothing is stored"),
        FaultKind("s3-reset", "the connection is reset in the middle of the body; nothing is stored"),
        FaultKind(
            "s3-stall", "the VALUE part of a body is read, then nothing more", chance=False, default=0.5
        ),
        FaultKind("s3-silent", "the part or object is stored, but no answer comes"),
        FaultKind("s3-lost", "the part or object is stored, then the connection closes without a reply"),
        FaultKind("s3-bad-digest", "400 BadDigest on a body, whatever it was"),
        FaultKind("s3-create-lost", "a multipart is begun, then the connection closes without a reply"),
        FaultKind("s3-complete-lost", "the multipart is completed, then the connection closes"),
        FaultKind("s3-complete-error", "completing answers 200 with an error body; nothing is completed"),
    )
}
_SPARED = "/sandbox/"
"""What no Gencove has works always: faults are taken off there."""
_LIFETIMES = ("expire-urls", "expire-credentials")
_SPEC = re.compile(
    r"(?P<name>[a-z0-9-]+)(=(?P<value>[^@:]*))?(@(?P<count>\d+)(\+(?P<skip>\d+))?)?(:(?P<text>.+))?"
)
_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9}


@dataclass
class Fault:
    """A fault in force."""

    spec: str
    kind: FaultKind
    value: float
    has_value: bool
    left: int | None
    skip: int
    text: str

    def __str__(self) -> str:
        return self.spec


def parse_fault(spec: str) -> Fault:
    """Read a spec such as ``429@2`` or ``latency=0.3:/samples/``; raises ``InputProblem``."""
    what = f"The fault {spec!r} can't be used"
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise InputProblem(what, f"it isn't written as {GRAMMAR}", "Write it like latency=0.3 or 429@2.")
    kind = KINDS.get(match["name"])
    if kind is None:
        raise InputProblem(what, "there is no such fault", f"Known faults: {', '.join(KINDS)}.")
    value = kind.default
    if match["value"] is not None:
        value = _number(what, match["value"])
        if kind.chance and kind.name not in _LIFETIMES and value > 1:
            raise InputProblem(what, "a probability is between 0 and 1", f"Write it like {kind.name}=0.1.")
    if value is None:
        raise InputProblem(what, "it needs a value", f"Write it like {kind.name}=2.")
    count = match["count"]
    return Fault(
        spec=spec,
        kind=kind,
        value=value,
        has_value=match["value"] is not None,
        left=int(count) if count is not None else None,
        skip=int(match["skip"] or 0),
        text=match["text"] or "",
    )


def _number(what: str, text: str) -> float:
    unit = _UNITS.get(text[-1:], 1.0)
    try:
        value = float(text.rstrip("kMG") if unit != 1.0 else text) * unit
    except ValueError:
        raise InputProblem(what, f"{text!r} is not a number", "Write it like latency=0.3.") from None
    if not 0 <= value < float("inf"):
        raise InputProblem(what, f"{text!r} is out of range", "Use a number from 0 up.")
    return value


class Faults:
    """The faults in force; may be changed while the sandbox runs, from any thread."""

    def __init__(self, specs: Iterable[str] = (), seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - repeatable misbehaviour, not a secret
        self._faults: list[Fault] = []
        self.set(*specs)

    def set(self, *specs: str) -> None:
        """Add faults to those in force; raises ``InputProblem`` and adds none when one is bad."""
        faults = [parse_fault(spec) for spec in specs]
        with self._lock:
            self._faults.extend(faults)

    def replace(self, *specs: str) -> None:
        """Let these be the only faults; raises ``InputProblem`` and changes nothing when one is bad."""
        faults = [parse_fault(spec) for spec in specs]
        with self._lock:
            self._faults = faults

    def clear(self, *names: str) -> None:
        """End the faults with these names, or all of them when none is given."""
        with self._lock:
            self._faults = [f for f in self._faults if names and f.kind.name not in names]

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(list(self._faults))

    def hit(self, name: str, where: str = "") -> bool:
        """Whether the fault strikes now; counts it if so."""
        with self._lock:
            return any(self._strikes(f, where) for f in self._faults if f.kind.name == name)

    def value(self, name: str, where: str = "") -> float | None:
        """The quantity of a fault that applies now, the latest one first; counts it."""
        with self._lock:
            for fault in reversed(self._faults):
                if fault.kind.name == name and self._counts(fault, where):
                    return fault.value
        return None

    def lifetime(self, name: str) -> float | None:
        """The shortened life that ``expire-urls=S`` or ``expire-credentials=S`` asks for, in seconds."""
        with self._lock:
            lives = [f.value for f in self._faults if f.kind.name == name and f.has_value]
        return lives[-1] if lives else None

    def _strikes(self, fault: Fault, where: str) -> bool:
        if fault.kind.name in _LIFETIMES:
            return not fault.has_value and self._counts(fault, where)
        if fault.kind.chance and fault.value < 1 and self._random.random() >= fault.value:
            return False
        return self._counts(fault, where)

    @staticmethod
    def _counts(fault: Fault, where: str) -> bool:
        if fault.text not in where or fault.left == 0 or where.startswith(_SPARED):
            return False
        if fault.skip:
            fault.skip -= 1
            return False
        if fault.left is not None:
            fault.left -= 1
        return True


def describe_faults() -> str:
    """A line for every fault, for ``--help``."""
    width = max(map(len, KINDS))
    return "\n".join(f"{kind.name:{width}}  {kind.help}" for kind in KINDS.values())
