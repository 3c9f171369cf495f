"""All endpoints of both dialects."""

from __future__ import annotations

from collections.abc import Collection

from gencove_tui.sandbox import (
    control,
    v1,
    v1_families,
    v1_login,
    v2_account,
    v2_actions,
    v2_batches,
    v2_imports,
    v2_people,
    v2_projects,
    v2_reports,
    v2_results,
    v2_samples,
    v2_subscriptions,
    v2_uploads,
)
from gencove_tui.sandbox.calls import Endpoint

_V1 = (v1, v1_families, v1_login)
_V2 = (
    v2_account, v2_actions, v2_batches, v2_imports, v2_people, v2_projects, v2_reports, v2_results,
    v2_samples, v2_subscriptions, v2_uploads,
)  # fmt: skip


def endpoints(dialects: Collection[str]) -> list[Endpoint]:
    """The endpoints of these dialects, and the sandbox's own."""
    found = list(control.routes.endpoints)
    if "v1" in dialects:
        found += [endpoint for module in _V1 for endpoint in module.routes.endpoints]
    if "v2" in dialects:
        found += [endpoint for module in _V2 for endpoint in module.routes.endpoints]
    return found
