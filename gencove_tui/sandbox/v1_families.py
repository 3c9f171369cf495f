"""v1: the older names of projects and samples, ``/studies`` and ``/apps`` (api-v1 §3), for the same data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gencove_tui.sandbox import v1
from gencove_tui.sandbox.calls import Call, Reply, Routes

routes = Routes()
_FAMILIES = (
    ("studies", "study", "participants", "participant_id", "study_enabled"),
    ("apps", "app", "members", "member_id", "enabled"),
)


def _register(plural: str, singular: str, members: str, member_id: str, enabled: str) -> None:
    def rename(row: dict[str, Any]) -> dict[str, Any]:
        names = {"sample_id": member_id, "enabled": enabled}
        return {names.get(name, name): value for name, value in row.items()}

    def serve(method: str, path: str, original: Callable[[Call], Reply], old: str, new: str) -> None:
        def handler(call: Call) -> Reply:
            if isinstance(call.body, dict):
                key = f"{member_id}s"
                call.body = {
                    "sample_ids" if k == key else k: v for k, v in call.body.items() if v is not None
                }
            value = original(call).body[old]
            drawn = [rename(row) for row in value] if isinstance(value, list) else rename(value)
            return Reply(200, {new: drawn})

        routes(method, f"/{plural}{path}")(handler)

    serve("GET", "", v1.projects, "projects", plural)
    serve("GET", "/{project_id}", v1.project, "project", singular)
    serve("GET", f"/{{project_id}}/{members}", v1.samples, "samples", members)
    serve("POST", "/{project_id}/raw-data", v1.raw_data, "raw_data", "raw_data")


for _family in _FAMILIES:
    _register(*_family)
