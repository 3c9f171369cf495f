"""``gencove-tui service``: the engine of a profile under systemd."""

from __future__ import annotations

import time

import click

from gencove_tui.cli.engine import NOT_RUNNING, engine_lines
from gencove_tui.config import Settings
from gencove_tui.engine.locks import engine_lives
from gencove_tui.engine.systemd import Service, ServiceState
from gencove_tui.errors import Problem

_START_SECONDS = 30.0


def run_install(settings: Settings, *, only_print: bool, linger: bool) -> int:
    """Install, enable and start the service; ``only_print`` shows the unit and changes nothing.

    Raises ``InputProblem`` without a kept key, ``Problem`` where there is no systemd for this user, and
    where lingering is not allowed, after all else is done.
    """
    service = Service(settings)
    if only_print:
        click.echo(service.text(), nl=False)
        return 0
    service.install()
    click.echo(f"Installed {service.path}")
    refusal = None
    if linger:
        try:
            service.linger()
        except Problem as problem:  # the service is there all the same
            refusal = problem
    state = _settled(service)
    for line in (*_service_lines(service, state), *engine_lines(settings)):
        click.echo(line)
    if refusal is not None:
        raise refusal
    return 0


def _settled(service: Service) -> ServiceState:
    """What systemd says once it is clear what came of the start, or after some seconds."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        state = service.state()
        # Its own words say what it waits for, such as another engine's end.
        waits = state.active == "activating" and state.text
        if state.active in ("active", "failed") or waits or time.monotonic() > deadline:
            return state
        time.sleep(0.1)


def run_uninstall(settings: Settings) -> int:
    """Stop, disable and remove the service; nothing of the profile's is touched."""
    service = Service(settings)
    if not service.is_installed:
        click.echo(f"Profile {settings.profile} has no service: there is no {service.path}")
        return 0
    service.uninstall()
    click.echo(f"Removed {service.path}")
    click.echo("Profile, key and ledger are as they were; screens start an engine of their own again.")
    return 0


def run_service_status(settings: Settings) -> int:
    """Say in words how the service and its engine fare; returns 0 if an engine lives, else 3."""
    service = Service(settings)
    try:
        lines = _service_lines(service, service.state())
    except Problem as problem:
        installed = "installed, but " if service.is_installed else ""
        lines = [f"service   {installed}{problem.what[:1].lower()}{problem.what[1:]} ({problem.why})"]
    for line in (*lines, *engine_lines(settings)):
        click.echo(line)
    return 0 if engine_lives(settings.state_folder) else NOT_RUNNING


def _service_lines(service: Service, state: ServiceState) -> list[str]:
    if not service.is_installed:
        return ["service   not installed; `gencove-tui service install` does it"]
    enabled = "enabled" if state.enabled else "not enabled"
    lines = [f"service   {service.unit}: installed, {enabled}, {state.active} ({state.detail})"]
    if state.detail == "auto-restart":
        lines.append("          it has failed and is started again within seconds")
    elif state.text and not state.has_ended:  # systemd keeps the last words of one that has
        lines.append(f"          {state.text}")
    if state.restarts:
        times = "once" if state.restarts == 1 else f"{state.restarts} times"
        lines.append(f"          restarted {times} since it was started; see its journal")
    if state.active == "failed":
        lines.append("          it ended with an error that starting again does not mend; see its journal")
    if state.has_ended:
        lines.append(f"          start it: systemctl --user start {service.unit}")
    lingering = {
        True: "on: it starts at boot and runs while you are logged out",
        False: "off: it ends when you log out; to change that: gencove-tui service install --linger",
        None: "unknown",
    }
    lines.append(f"lingering {lingering[state.lingering]}")
    lines.append(f"journal   journalctl --user -u {service.unit}")
    return lines
