"""gencove-tui: a full-screen terminal app for labs that sequence with Gencove."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("gencove-tui")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+source"
