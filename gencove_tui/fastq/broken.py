"""What is wrong with a FASTQ file."""

from __future__ import annotations

from gencove_tui.errors import Problem


class BrokenFastq(Problem):
    """A file that must not be uploaded as a FASTQ.

    ``truncated`` tells that the file stops too early or has holes, as one that is still being written or
    copied does: looking again later makes sense. Otherwise its content is wrong and stays wrong.
    """

    def __init__(
        self,
        what: str,
        why: str = "",
        remedy: str = "",
        *,
        truncated: bool = False,
        record: int | None = None,
    ) -> None:
        super().__init__(what, why, remedy)
        self.truncated = truncated
        self.record = record
        """Number of the offending record, from 1, where one is to blame."""

    @classmethod
    def cut(cls, name: str, why: str, *, record: int | None = None) -> BrokenFastq:
        """The file ends, or has a hole, where more should follow."""
        return cls(
            f"{name} is incomplete",
            why,
            "Wait until it is written, or copy it again.",
            truncated=True,
            record=record,
        )

    @classmethod
    def damaged(cls, name: str, why: str) -> BrokenFastq:
        """The compressed bytes are wrong."""
        return cls(f"{name} is damaged", why, "Copy it again from its source.")

    @classmethod
    def malformed(cls, name: str, why: str, *, record: int | None = None) -> BrokenFastq:
        """It decompresses, but what comes out is not FASTQ."""
        return cls(
            f"{name} is not a valid FASTQ",
            why,
            "Make it again from its source.",
            record=record,
        )
