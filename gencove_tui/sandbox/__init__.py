"""A local Gencove, v1 and v2, with an S3 endpoint: the demo's and the tests' other side."""

from gencove_tui.sandbox.faults import GRAMMAR, describe_faults
from gencove_tui.sandbox.server import Sandbox, serve

__all__ = ["GRAMMAR", "Sandbox", "describe_faults", "describe_scenarios", "serve"]


def describe_scenarios() -> str:
    """A line for every scenario, for ``--help``."""
    from gencove_tui.sandbox.scenarios import describe_scenarios as describe

    return describe()
