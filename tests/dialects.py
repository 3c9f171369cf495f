"""Which dialects a test runs in: v2 always, v1 where the test says so and, in the long run, everywhere."""

import pytest

BOTH = ("v1", "v2")
V1_IN_THE_LONG_RUN = (pytest.param("v1", marks=pytest.mark.long), "v2")
"""Bytes move, and are waited for, the same way in both."""
both_dialects = pytest.mark.parametrize("dialect", BOTH)
