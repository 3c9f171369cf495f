"""Reading one file, or several as if they were one, by offset."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


class Reader:
    """Descriptors of its own, since a thread may hang in a read of a dead network disk for long.

    ``files``: descriptor and size in bytes of each, in order; the last one may grow.
    """

    def __init__(self, files: Sequence[tuple[int, int]]) -> None:
        self._begins = [0, *accumulate(size for _, size in files)]
        self._descriptors = [os.dup(descriptor) for descriptor, _ in files]

    def read(self, size: int, offset: int) -> bytes:
        """So many bytes at an offset of the whole, or fewer at the end of one of the files."""
        number = min(bisect_right(self._begins, offset), len(self._descriptors)) - 1
        if number + 1 < len(self._descriptors):
            size = min(size, self._begins[number + 1] - offset)
        return os.pread(self._descriptors[number], size, offset - self._begins[number])

    def close(self) -> None:
        """Close the descriptors; harmless when they are closed."""
        while self._descriptors:
            os.close(self._descriptors.pop())
