"""``gencove-tui service``: the engine of a profile under systemd."""

from __future__ import annotations

import time

import click

from gencove_tui.cli.engine import NOT_RUNNING, engine_lines
from gencove_tui.config import Settings
from gencove_tui.engine.locks import engine_holder, engine_lives
from gencove_tui.engine.systemd import Service, ServiceState
from gencove_tui.errors import Problem

_START_SECONDS = 10.0
_LINGER = "loginctl enable-linger"


def run_install(settings: Settings, *, only_print: bool, linger: bool) -> int:
    """Install, enable and start the service; ``only_print`` shows the unit and changes nothing.

    Raises ``InputProblem`` without a kept key, ``Problem`` where there is no systemd for this user.
    """
    service = Service(settings)
    if only_print:
        click.echo(service.text(), nl=False)
        return 0
    service.install()
    click.echo(f"Installed {service.path}")
    if linger:
        service.linger()
    state = service.state()
    if state.lingering is True:
        click.echo("It starts at boot and runs while you are logged out.")
    else:
        click.echo(
            f"It ends when you log out, unless lingering is on: {_LINGER}   (or install with --linger)"
        )
    _await_start(settings)
    state = service.state()
    for line in (*_service_lines(service, state), *engine_lines(settings)):
        click.echo(line)
    return 0


def _await_start(settings: Settings) -> None:
    """Give systemd a moment, so that the status shows what came of it."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if engine_holder(settings.state_folder) is not None:
            return
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
        lines = [f"service   {installed}there is no systemd for this user here ({problem.why})"]
    for line in (*lines, *engine_lines(settings)):
        click.echo(line)
    return 0 if engine_lives(settings.state_folder) else NOT_RUNNING


def _service_lines(service: Service, state: ServiceState) -> list[str]:
    if not service.is_installed:
        return ["service   not installed; `gencove-tui service install` does it"]
    enabled = "enabled" if state.enabled else "not enabled"
    lines = [f"service   {service.unit}: installed, {enabled}, {state.active} ({state.detail})"]
    if state.text:
        lines.append(f"          {state.text}")
    if state.restarts:
        lines.append(f"          restarted {state.restarts} times since it was started; see its journal")
    lingering = {True: "on", False: f"off; it ends when you log out ({_LINGER})", None: "unknown"}
    lines.append(f"lingering {lingering[state.lingering]}")
    lines.append(f"journal   journalctl --user -u {service.unit}")
    return lines
