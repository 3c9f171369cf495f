"""Places in the upload area, and what may lie there."""

from __future__ import annotations

from gencove_tui.errors import InputProblem

FASTQ_SUFFIXES = (".fastq.gz", ".fastq.bgz", ".fq.gz", ".fq.bgz")
"""File endings that Gencove takes, compared without regard to case (api-v2 §10)."""

GNCV = "gncv://"


class GncvPath(str):
    """A place in the upload area, ``gncv://folder/name`` (api-v1 §5.3, api-v2 §10).

    A path that ends in ``/`` or is just ``gncv://`` names a folder, any other a file.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> GncvPath:
        """Check what a person typed.

        Raises ``InputProblem`` when it doesn't start with ``gncv://``, starts with ``gncv:///``, or holds
        empty, ``.`` or ``..`` components, control characters or surrounding blanks.
        """
        what = f"{text!r} is not a place in the upload area"
        if not text.startswith(GNCV):
            raise InputProblem(what, "it must start with gncv://", "Write it like gncv://project/batch/.")
        rest = text.removeprefix(GNCV)
        if rest.startswith("/"):
            raise InputProblem(
                what, "a slash follows gncv:// at once", "Write it like gncv://project/batch/."
            )
        if not rest.isprintable() or rest != rest.strip():
            raise InputProblem(
                what, "it holds control characters or outer blanks", "Use plain names and slashes."
            )
        components = rest.removesuffix("/").split("/") if rest else []
        if any(part in ("", ".", "..") for part in components):
            raise InputProblem(what, "it holds an empty, '.' or '..' folder", "Name every folder once.")
        return cls(text)

    @property
    def key(self) -> str:
        """The path below the upload area's root, without ``gncv://``."""
        return self.removeprefix(GNCV)

    @property
    def is_folder(self) -> bool:
        """Whether it names a folder rather than a file."""
        return self.key == "" or self.endswith("/")

    @property
    def name(self) -> str:
        """The last component, without slashes."""
        return self.key.rstrip("/").rsplit("/", 1)[-1]

    @property
    def folder(self) -> GncvPath:
        """The folder that holds this file; a folder is its own."""
        if self.is_folder:
            return self
        head, slash, _ = self.key.rpartition("/")
        return GncvPath(GNCV + head + slash)

    def as_folder(self) -> GncvPath:
        """The same path with exactly one closing slash (the root stays ``gncv://``)."""
        return self if self.is_folder else GncvPath(self + "/")

    def child(self, relative: str) -> GncvPath:
        """A file or folder below this folder; raises ``InputProblem`` like ``parse``."""
        return GncvPath.parse(self.as_folder() + relative)
