"""gencove-tui: a full-screen terminal app for labs that sequence with Gencove."""

__version__ = "0.1.0"
