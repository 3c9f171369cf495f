"""Files for tests."""

from pathlib import Path

from gencove_tui.fastq.generate import write_large


def large(folder: Path, size: int, seed: int) -> Path:
    """A valid FASTQ of about ``size`` bytes."""
    path = folder / "BIG_S1_L001_R1_001.fastq.gz"
    write_large(path, size, seed)
    return path
