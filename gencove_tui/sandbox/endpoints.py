"""All endpoints of both dialects."""

from __future__ import annotations

from collections.abc import Collection

from gencove_tui.sandbox import control, v1, v2_account, v2_projects, v2_samples, v2_uploads
from gencove_tui.sandbox.calls import Endpoint

_V2 = (v2_account, v2_projects, v2_samples, v2_uploads)


def endpoints(dialects: Collection[str]) -> list[Endpoint]:
    """The endpoints of these dialects, and the sandbox's own."""
    found = list(control.routes.endpoints)
    if "v1" in dialects:
        found += v1.routes.endpoints
    if "v2" in dialects:
        found += [endpoint for module in _V2 for endpoint in module.routes.endpoints]
    return found
