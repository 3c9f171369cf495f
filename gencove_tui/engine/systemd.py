"""The engine of a profile as a systemd user service: its unit file, and what systemd says about it."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from gencove_tui.config import HOME_VARIABLE, HOST_VARIABLE, KEY_VARIABLE, S3_VARIABLE, Settings, read_key
from gencove_tui.errors import InputProblem, Problem

_PASSED_ON = (
    HOME_VARIABLE,
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "PATH",
    "TZ",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "AWS_CA_BUNDLE",
)
"""What of the installing shell's environment the engine needs for the same files, programs, network and local
time."""
_WATCHDOG_SECONDS = 180
"""Longer than a ledger that is locked by others can hold up the main loop."""
_STOP_SECONDS = 20
_RESTART_SECONDS = 15
_CALL_SECONDS = 60.0
_EXIT_USAGE = 2
_NO_BUS = (
    "Failed to connect to",
    "Failed to get D-Bus connection",
    "System has not been booted with systemd",
)
"""How systemctl begins when it has nobody to talk to, in its several versions."""
_BOOTED = Path("/run/systemd/system")
"""There exactly where systemd runs the machine (sd_booted(3))."""

_UNIT = """\
# Made by `gencove-tui service install`; `gencove-tui service uninstall` takes it away.
[Unit]
Description=gencove-tui engine for profile {profile}
# A machine without network for a while, a host in maintenance: it never gives up.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
# Environment of the shell that installed it.
{environment}
# Replaced by the watchdog, it writes into the journal where it hung.
Environment=PYTHONFAULTHANDLER=1
# A core file would hold the API key.
LimitCORE=0
# The API key comes from the profile's own file only.
UnsetEnvironment={unset}
Restart=on-failure
RestartSec={restart}
# A broken config.toml or a missing key: starting again does not mend it.
RestartPreventExitStatus={usage}
# It may have to wait for an engine that a screen has started.
TimeoutStartSec=infinity
TimeoutStopSec={stop}
WatchdogSec={watchdog}

[Install]
WantedBy=default.target
"""


class ServiceState(Struct, frozen=True, kw_only=True):
    """What systemd says about the unit (systemctl(1), ``show``)."""

    enabled: bool
    active: str
    """``active``, ``inactive``, ``failed``, ``activating`` and so on."""
    detail: str
    """``running``, ``dead``, ``auto-restart`` and so on."""
    text: str
    """The engine's own status line."""
    restarts: int
    lingering: bool | None
    """Whether it runs while the user is logged out; None when that can't be told."""

    @property
    def has_ended(self) -> bool:
        """Whether it neither runs nor is about to."""
        return self.active in ("inactive", "failed")


class Service:
    """One profile's unit, and systemd's commands on it."""

    def __init__(self, settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
        self._settings = settings
        self._environment = environment

    @property
    def unit(self) -> str:
        """The unit's name."""
        return f"gencove-tui-{self._settings.profile}.service"

    @property
    def path(self) -> Path:
        """The unit's file."""
        config = self._environment.get("XDG_CONFIG_HOME") or "~/.config"
        return Path(config).expanduser() / "systemd" / "user" / self.unit

    @property
    def is_installed(self) -> bool:
        """Whether the unit's file is there."""
        return self.path.exists()

    @property
    def is_ours(self) -> bool:
        """Whether the unit is there and works in these very folders; profiles elsewhere may share a name."""
        try:
            return _folders(self.path.read_text(encoding="utf-8")) == _folders(self.text())
        except (OSError, UnicodeDecodeError):
            return False

    def text(self) -> str:
        """The unit's file as it is to be."""
        command = [
            sys.executable,
            "-P",  # its working folder is the home folder: no module of the user's own may get in its way
            "-m",
            "gencove_tui",
            "--profile",
            self._settings.profile,
            "engine",
            "--wait",
        ]
        passed_on = [
            f"Environment={_quoted(f'{name}={self._environment[name]}')}"
            for name in _PASSED_ON
            if self._environment.get(name)
        ]
        return _UNIT.format(
            profile=self._settings.profile,
            command=" ".join(_quoted(word).replace("$", "$$") for word in command),
            environment="\n".join(passed_on),
            unset=" ".join((KEY_VARIABLE, HOST_VARIABLE, S3_VARIABLE)),
            restart=_RESTART_SECONDS,
            usage=_EXIT_USAGE,
            stop=_STOP_SECONDS,
            watchdog=_WATCHDOG_SECONDS,
        )

    def check(self) -> None:
        """Raises ``InputProblem`` when the engine could not work as a service with these settings."""
        profile = self._settings.profile
        if os.getuid() == 0 and self._environment.get("SUDO_USER", "root") != "root":
            raise InputProblem(
                "The service is installed without sudo",
                "it works as the user whose profile it is, and needs no rights of root's",
                f"As {self._environment['SUDO_USER']}, run: gencove-tui service install",
            )
        if self._settings.folder_name != profile:
            raise InputProblem(
                "A service works on the profile's own host",
                f"{self._settings.host} is not the one of profile {profile}",
                f"Make a profile of it: gencove-tui --profile NAME --host {self._settings.host} login",
            )
        if self._settings.s3_endpoint != self._settings.options.s3_endpoint:
            raise InputProblem(
                "A service works on the profile's own S3 endpoint",
                f"${S3_VARIABLE} names another, and does not reach it",
                f"Write it into {self._settings.where.config_file}: "
                f'[profiles.{profile}], s3_endpoint = "{self._settings.s3_endpoint}"',
            )
        if not read_key(self._settings.where, profile):
            raise InputProblem(
                f"Profile {profile} keeps no API key",
                f"a service can't ask for one, and ${KEY_VARIABLE} does not reach it",
                f"Run: gencove-tui --profile {profile} login",
            )

    def install(self) -> None:
        """Write the unit, enable it and start it; one that runs is restarted.

        Raises ``Problem`` when there is no systemd for this user; nothing is written then.
        """
        self.check()
        self._call("show", "--property=Version")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.path.with_name(f".{self.unit}.{os.getpid()}")
            temporary.write_text(self.text(), encoding="utf-8")
            temporary.chmod(0o600)
            temporary.replace(self.path)
        except OSError as error:
            raise Problem(
                f"Can't write {self.path}", error.strerror or str(error), "Check the folder's permissions."
            ) from error
        self._call("daemon-reload")
        # By its path: with another $XDG_CONFIG_HOME than this shell's, systemd does not look there by itself.
        self._call("enable", str(self.path))
        # Not awaited: it may have to stand in line for an engine that a screen has started.
        self._call("restart", "--no-block", self.unit)

    def uninstall(self) -> None:
        """Stop the unit, disable it and take its file away. Nothing else is touched."""
        self._call("disable", "--now", self.unit)
        self.path.unlink(missing_ok=True)
        self._call("daemon-reload")
        with contextlib.suppress(Problem):  # one that had failed stays in systemd's lists otherwise
            self._call("reset-failed", self.unit)

    def restart(self) -> None:
        """Restart the unit and wait until it is ready."""
        self._call("restart", self.unit)

    def comes(self) -> bool:
        """Whether systemd is at it: the unit starts, restarts, or has failed and is to be started again.

        Raises ``Problem`` when there is no systemd for this user.
        """
        values = self._show("ActiveState", "SubState", "Job")
        if values.get("SubState") == "auto-restart":
            # Somebody waits: no rest before this try. A plain start would keep to the rest.
            self._call("restart", "--no-block", self.unit)
        return bool(values.get("Job")) or values.get("ActiveState") not in ("inactive", "failed")

    def linger(self) -> None:
        """Let the user's services run while nobody is logged in. Raises ``Problem`` when it isn't allowed."""
        if self._lingers():  # asking again may be refused all the same
            return
        try:
            self._run(["loginctl", "--no-ask-password", "enable-linger"])
        except Problem as problem:
            raise Problem(
                "Lingering is not on: the service ends when you log out",
                problem.why,
                f"Have an administrator run, once: sudo loginctl enable-linger {_user()}",
            ) from problem

    def state(self) -> ServiceState:
        """What systemd says. Raises ``Problem`` when there is no systemd for this user."""
        values = self._show("UnitFileState", "ActiveState", "SubState", "StatusText", "NRestarts")
        restarts = values.get("NRestarts", "")
        return ServiceState(
            enabled=values.get("UnitFileState") == "enabled",
            active=values.get("ActiveState", "unknown"),
            detail=values.get("SubState", ""),
            text=values.get("StatusText", ""),
            restarts=int(restarts) if restarts.isdigit() else 0,
            lingering=self._lingers(),
        )

    def _lingers(self) -> bool | None:
        try:
            said = self._run(["loginctl", "show-user", _user(), "--property=Linger", "--value"])
        except Problem:
            return None
        return {"yes": True, "no": False}.get(said.strip())

    def _show(self, *names: str) -> dict[str, str]:
        said = self._call("show", self.unit, f"--property={','.join(names)}")
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def _call(self, *arguments: str) -> str:
        return self._run(["systemctl", "--user", *arguments])

    def _run(self, command: Sequence[str]) -> str:
        """The command's output. Raises ``Problem`` with its last words when it fails or is not there."""
        program = shutil.which(command[0], path=self._environment.get("PATH"))
        if program is None:
            raise _no_systemd(f"{command[0]} is not installed")
        environment = dict(self._environment)
        runtime = Path(f"/run/user/{os.getuid()}")
        if not _is_own(environment.get("XDG_RUNTIME_DIR", "")) and runtime.is_dir():
            # As after `su` or in a cron job: the user's systemd is there, only its address is not.
            environment["XDG_RUNTIME_DIR"] = str(runtime)
        try:
            done = subprocess.run(  # noqa: S603 - systemd's own programs, with our own words
                [program, *command[1:]],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_CALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Problem(
                f"`{' '.join(command)}` does not answer", f"after {_CALL_SECONDS:.0f} s", "Try it by hand."
            ) from error
        if done.returncode == 0:
            return done.stdout
        words = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        if words[0].startswith(_NO_BUS):
            raise _no_systemd(words[0])
        raise Problem(f"`{' '.join(command)}` failed", words[-1], "Try it by hand to see more.")


def _no_systemd(why: str) -> Problem:
    if not _BOOTED.is_dir():
        return Problem(
            "This machine does not run systemd",
            why,
            "Keep `gencove-tui engine --wait` running by other means (`gencove-tui service install --print` "
            "shows a unit to go by), or `gencove-tui engine` in a terminal of tmux.",
        )
    return Problem(
        "There is no systemd for this user here",
        why,
        f"Log in as {_user()} itself (by SSH, not by su or sudo) and try again. If it stays so, have an "
        f"administrator start it for good: sudo loginctl enable-linger {_user()}",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this user id
        return str(os.getuid())


def _is_own(folder: str) -> bool:
    """Whether a folder is there and the user's: after `su` it may still be somebody else's."""
    try:
        return Path(folder).stat().st_uid == os.getuid() if folder else False
    except OSError:
        return False


def _folders(unit: str) -> set[str]:
    """The lines of a unit that settle where its engine keeps its files."""
    names = (HOME_VARIABLE, "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    starts = tuple(f'Environment="{name}=' for name in names)
    return {line for line in unit.splitlines() if line.startswith(starts)}


def _quoted(word: str) -> str:
    """A word as systemd.syntax(7) and systemd.exec(5) want it, whatever characters it holds."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%")
    return f'"{escaped}"'
