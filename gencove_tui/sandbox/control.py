"""Endpoints that no Gencove has: the dashboard's part, and faults from outside the process."""

from __future__ import annotations

from gencove_tui.errors import InputProblem
from gencove_tui.sandbox.calls import Call, Refused, Reply, Routes, invalid

routes = Routes("/sandbox")


@routes("POST", "/assign", open=True)
def assign(call: Call) -> Reply:
    """Assign all unassigned uploads below ``prefix`` to ``project`` (name, number or id)."""
    wanted = call.text("project")
    prefix = call.text("prefix", 1024, "gncv://")
    for project in call.state.projects.values():
        if wanted in (project.id, project.name, str(project.number)):
            samples = call.uploads.assign_folder(project, prefix)
            return Reply(200, {"samples": [s.id for s in samples], "numbers": [s.number for s in samples]})
    raise invalid(project="There is no such project.")


@routes("POST", "/faults", open=True)
def faults(call: Call) -> Reply:
    """Replace the faults in force by ``faults``, a list of specs."""
    specs = call.fields().get("faults", [])
    if not isinstance(specs, list) or not all(isinstance(spec, str) for spec in specs):
        raise invalid(faults="A list of texts is required.")
    in_force = call.state.faults
    try:
        in_force.replace(*specs)
    except InputProblem as problem:
        raise Refused(400, {"faults": [str(problem)]}) from None
    return Reply(200, {"faults": [fault.spec for fault in in_force]})
