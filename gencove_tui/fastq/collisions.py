"""The collision guard: names that Gencove would take for one sample although they are two.

Gencove takes a sample's id from the file name up to the first underscore (transfer-anchors §5.2), so
``P1_A01_…`` and ``P1_A02_…`` would both become ``P1``. Nothing here touches the disk or the network.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from gencove_tui.fastq.names import Form, base_name, client_id, gencove_client_id, gencove_read
from gencove_tui.fastq.pairs import SampleFiles

_Owner = tuple[str, str, int, Form]


class Target(Struct, frozen=True, kw_only=True, gc=False):
    """One object that would be made in the upload area."""

    remote: str
    """Path below the destination, with slashes."""
    sample: SampleFiles
    read: str
    """``R1`` or ``R2``."""
    sources: tuple[str, ...]
    """Local paths whose bytes make it up, in order."""

    @property
    def client_id(self) -> str:
        """The id that Gencove would take from the name."""
        return gencove_client_id(self.remote)


class Collision(Struct, frozen=True, kw_only=True):
    """Objects that must not be uploaded side by side under the names they have."""

    folder: str
    """Remote folder below the destination; empty for the destination itself."""
    client_id: str
    """The one id that Gencove would take all of them for."""
    samples: tuple[str, ...]
    """The local sample ids."""
    sources: tuple[str, ...]
    """The local files."""
    why: str
    remedy: str
    proposal: tuple[tuple[str, str], ...] = ()
    """Sample id → client id that would set them apart; empty when mapping can't, which is a hard stop."""


class Lookalikes(Struct, frozen=True, kw_only=True):
    """Client ids that differ only in what people and file systems overlook; worth a warning."""

    folder: str
    client_ids: tuple[str, ...]


def unchanged(samples: Iterable[SampleFiles], *, flat: bool = False) -> tuple[Target, ...]:
    """Every file under its own name; ``flat`` leaves the local folders out."""
    return tuple(
        Target(
            remote=base_name(file.path) if flat else file.path,
            sample=sample,
            read=read,
            sources=(file.path,),
        )
        for sample in samples
        for read, files in (("R1", sample.r1), ("R2", sample.r2))
        for file in files
    )


def renamed(samples: Iterable[SampleFiles], *, flat: bool = False) -> tuple[Target, ...]:
    """One object per sample and read, ``<client id>_<read>.fastq.gz``, lanes and segments joined.

    This is the name that the official client gives to files from a map file (api-v2 §10).
    """
    return tuple(
        Target(
            remote=_join("" if flat else sample.folder, f"{client_id(sample.sample)}_{read}.fastq.gz"),
            sample=sample,
            read=read,
            sources=tuple(file.path for file in files),
        )
        for sample in samples
        for read, files in (("R1", sample.r1), ("R2", sample.r2))
        if files
    )


def collisions(targets: Iterable[Target]) -> tuple[Collision, ...]:
    """Where two samples would become one, or two objects would claim the same read of one sample."""
    found: list[Collision] = []
    by_folder = _by_folder(targets)
    for folder in sorted(by_folder):  # one after the other: there may be very many objects in all
        found += _collisions_in(folder, by_folder.pop(folder))
    return tuple(found)


def _by_folder(targets: Iterable[Target]) -> dict[str, list[Target]]:
    found: defaultdict[str, list[Target]] = defaultdict(list)
    for target in targets:
        found[target.remote.rpartition("/")[0]].append(target)
    return found


def _collisions_in(folder: str, targets: Sequence[Target]) -> list[Collision]:
    by_id: defaultdict[str, list[Target]] = defaultdict(list)
    for target in targets:
        by_id[target.client_id].append(target)
    hyphenated = Counter(client_id(owner[1]) for owner in {_owner(target) for target in targets})
    found = []
    for taken, group in sorted(by_id.items()):
        owners = sorted({_owner(target) for target in group})
        reads = [target.read for target in group]
        if len(owners) == 1 and len(set(reads)) == len(reads):
            continue
        names = tuple(dict.fromkeys(owner[1] for owner in owners))
        proposal: tuple[tuple[str, str], ...] = ()
        if len(owners) > 1:
            proposal = _propose(owners, hyphenated)
            why = f"Gencove takes the id up to the first underscore, so {_list(names)} would become {taken}"
            if len(names) < len(owners):
                why = f"{len(owners)} different samples are called {_list(names)}"
            remedy = "Let underscores become hyphens for the upload." if proposal else "Rename the files."
        else:
            why = f"several files of {names[0]} would claim to be the same read of {taken}"
            remedy = "Join the lanes for the upload."
        found.append(
            Collision(
                folder=folder,
                client_id=taken,
                samples=names,
                sources=tuple(source for target in group for source in target.sources),
                why=why,
                remedy=remedy,
                proposal=proposal,
            )
        )
    return found


def misread(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Objects from whose name Gencove would take no read, or another one; they must be renamed."""
    return tuple(target for target in targets if gencove_read(target.remote) != target.read)


def lookalikes(targets: Iterable[Target]) -> tuple[Lookalikes, ...]:
    """Client ids in one folder that differ only in case, blanks, ``+``, hyphens or Unicode form."""
    found: list[Lookalikes] = []
    by_folder = _by_folder(targets)
    for folder in sorted(by_folder):
        ids: defaultdict[str, list[str]] = defaultdict(list)
        for taken in {target.client_id for target in by_folder.pop(folder)}:
            ids[_blurred(taken)].append(taken)
        found += [
            Lookalikes(folder=folder, client_ids=tuple(sorted(group)))
            for _, group in sorted(ids.items())
            if len(group) > 1
        ]
    return tuple(found)


def _blurred(taken: str) -> str:
    plain = unicodedata.normalize("NFKD", taken).casefold()
    return "".join(char for char in plain if char.isascii() and char.isalnum())


def _owner(target: Target) -> _Owner:
    number = target.sample.s_number
    return (target.sample.folder, target.sample.sample, -1 if number is None else number, target.sample.form)


def _propose(owners: list[_Owner], hyphenated: Counter[str]) -> tuple[tuple[str, str], ...]:
    """Hyphenated ids for ``owners``, or nothing if two samples in the folder would share one."""
    proposal = tuple((owner[1], client_id(owner[1])) for owner in owners)
    return proposal if all(hyphenated[new] == 1 for _, new in proposal) else ()


def _list(names: tuple[str, ...]) -> str:
    shown = [repr(name) for name in names[:4]]
    if len(names) > len(shown):
        shown.append(f"{len(names) - len(shown)} more")
    return " and ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else shown[0]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
