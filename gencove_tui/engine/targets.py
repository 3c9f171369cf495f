"""Where a deliverable is saved: the official template, with every component made safe.

The default ``{client_id}/{gencove_id}/{default_filename}`` is the official client's (api-v2 §9), so that both
tools recognise each other's files.
"""

from __future__ import annotations

import re
from pathlib import Path

from gencove_tui.errors import InputProblem
from gencove_tui.model import Deliverable, Sample

DEFAULT_TEMPLATE = "{client_id}/{gencove_id}/{default_filename}"
PART_SUFFIX = ".gencove.part"
QC = "qc"
METADATA = "metadata"
DOCUMENTS = frozenset({QC, METADATA})
"""File types of documents that have no URL: they are asked for through the API (api-v2 §9)."""
ANYWHERE = ("client_id", "gencove_id")
"""Template tokens that any component may hold."""
LAST_ONLY = ("file_type", "file_extension", "default_filename")
"""Template tokens that only the last component may hold (api-v2 §9)."""
_LONGEST_NAME = 240
"""Bytes in a file name; file systems take 255, and the suffixes need room."""


def safe_component(text: str) -> str:
    """A text as one file or folder name: no separators, no control characters, never ``.`` or ``..``.

    Empty stays empty. Too long a name keeps its ending.
    """
    name = re.sub(r"[/\\\x00-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]", "_", text).strip()
    if name.strip(".") == "":
        return "_" * len(name)
    raw = name.encode("utf-8", "replace")
    if len(raw) > _LONGEST_NAME:
        tail = raw[-80:].decode("utf-8", "ignore")
        return raw[: _LONGEST_NAME - 80].decode("utf-8", "ignore") + tail
    return raw.decode("utf-8")  # without lone surrogates, which no file name can hold


def default_filename(sample: Sample, deliverable: Deliverable) -> str:
    """The file's own name, or one made of sample and file type where Gencove gives none."""
    return deliverable.name or f"{sample.id}_{deliverable.file_type}"


def documents_of(sample: Sample) -> tuple[Deliverable, ...]:
    """The documents of a sample, named as the official client names them, to be planned like deliverables."""
    return tuple(Deliverable(file_type=kind, name=f"{sample.id}_{kind}.json") for kind in (QC, METADATA))


def check_template(template: str) -> str:
    """Return the template. Raises ``InputProblem`` for unknown or misplaced tokens and for ``..``."""
    what = f"{template!r} can't be a download template"
    *heads, last = template.split("/")
    known = ", ".join(f"{{{token}}}" for token in (*ANYWHERE, *LAST_ONLY))
    for token in re.findall(r"\{(\w*)\}", template):
        if token not in (*ANYWHERE, *LAST_ONLY):
            raise InputProblem(what, f"it holds {{{token}}}", f"Known are {known}.")
    for head in heads:
        if misplaced := [token for token in LAST_ONLY if f"{{{token}}}" in head]:
            raise InputProblem(
                what,
                f"{{{misplaced[0]}}} stands in a folder's name",
                "It may stand in the last component only.",
            )
    if template.startswith("/") or not last.strip() or ".." in (*heads, last):
        raise InputProblem(
            what, "it starts with a slash, ends with one or holds '..'", f"Write it like {DEFAULT_TEMPLATE}."
        )
    return template


def target_path(
    folder: Path, sample: Sample, deliverable: Deliverable, template: str = DEFAULT_TEMPLATE
) -> Path:
    """The path of a deliverable below ``folder``, which it can't leave.

    Tokens: ``client_id``, ``gencove_id`` anywhere; ``file_type``, ``file_extension``, ``default_filename`` in
    the last component only. Components that come out empty are dropped (api-v2 §9).
    """
    filename = default_filename(sample, deliverable)
    tokens = {"client_id": sample.client_id, "gencove_id": sample.id}
    last_tokens = tokens | {
        "file_type": deliverable.file_type,
        "file_extension": filename.partition(".")[2],
        "default_filename": filename,
    }
    *heads, last = template.split("/")
    components = [safe_component(_expand(head, tokens)) for head in heads]
    last = safe_component(_expand(last, last_tokens)) or safe_component(filename)
    components.append(last or safe_component(deliverable.file_type) or "unnamed")
    return folder.joinpath(*(component for component in components if component))


def _expand(text: str, tokens: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: tokens.get(match.group(1), match.group(0)), text)
