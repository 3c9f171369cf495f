"""A local file under upload: opened once, and known to be the same file all along."""

from __future__ import annotations

import contextlib
import os
import stat
from functools import cache
from pathlib import Path

from gencove_tui.api.s3_body import Source
from gencove_tui.engine.outcome import StartOver, TransferFailed
from gencove_tui.engine.reading import Reader
from gencove_tui.engine.trouble import passing, unreadable
from gencove_tui.store.transfer_rows import LARGEST_NUMBER
from gencove_tui.store.transfers import Identity


def identity_of(status: os.stat_result) -> Identity:
    """Which version of a file a ``stat`` result is about."""
    return Identity(status.st_size, status.st_mtime_ns, status.st_ino & LARGEST_NUMBER)


@cache
def boot_id() -> str:
    """Names this boot of the machine; empty where the system doesn't tell.

    What one boot has written is there for a process of the same boot, even if it never reached the disk.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    with contextlib.suppress(OSError):  # some file systems can't sync a folder; the file itself is safe
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def give_name(partial: Path, target: Path) -> None:
    """Give a finished file its name, which nothing else may have. Raises ``FileExistsError`` when it has."""
    try:
        os.link(partial, target)  # unlike a rename it never replaces what somebody else has just made
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(target) from None
        partial.replace(target)
    else:
        partial.unlink()
    sync_folder(target.parent)


GONE = "it was moved or deleted before it was uploaded"
"""Why an upload failed whose file was not there; a watch rule that sees it again goes on with it."""


class LocalFile:
    """An open file and its identity; to be closed.

    Raises ``TransferFailed`` when it can't be opened, is no plain file or is empty. May wait for a disk, as
    ``check_unchanged`` may.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise TransferFailed(
                f"{Path(path).name} is gone",
                GONE,
                "Put it back and retry, or cancel the transfer.",
            ) from error
        except OSError as error:
            raise unreadable(path, error) from error
        try:
            status = os.fstat(self.descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise TransferFailed(f"{path} is not a file", "", "Choose the files inside it instead.")
            if status.st_size == 0:
                raise TransferFailed(
                    f"{path} is empty", "there is nothing to upload", "Check how it was made."
                )
        except BaseException:
            os.close(self.descriptor)
            raise
        self.identity = identity_of(status)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.identity.size

    @property
    def source(self) -> Source:
        """What a request's body reads from."""
        return self.descriptor

    def open_reader(self) -> Reader:
        """One more way to read it, which outlives this object; to be closed."""
        return Reader([(self.descriptor, self.size)])

    def check_unchanged(self) -> None:
        """Raises ``StartOver`` when the file was written to or replaced since it was opened."""
        try:
            same = (
                identity_of(os.fstat(self.descriptor)) == self.identity
                and identity_of(Path(self.path).stat()) == self.identity
            )
        except OSError as error:
            if (away := passing(self.path, "read", error)) is not None:
                raise away from error
            same = False
        if not same:
            raise StartOver("the file changed while it was uploaded")

    def close(self) -> None:
        """Close it; readers that were opened from it stay open."""
        os.close(self.descriptor)
