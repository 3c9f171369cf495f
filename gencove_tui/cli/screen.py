"""Opening the screen on a profile, and the screen that makes one."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from contextlib import suppress

from gencove_tui.cli.link import linker
from gencove_tui.cli.logfile import SCREEN_LOG_NAME, log_to_file
from gencove_tui.config import Settings, check_profile_name, load_config, remember, resolve, save_key
from gencove_tui.engine.desk import LocalDesk
from gencove_tui.errors import InputProblem

_SETTLED_SECONDS = 2.0
"""After so long the screen stands."""


def on_terminal() -> bool:
    """Whether there is something to draw on."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def run_screen(settings: Settings, *, hint: str = "", lasting: bool = True, mouse: bool = True) -> int:
    """Show the screen until the user leaves; returns the exit code.

    Without a key it begins with the screen that asks for one. ``lasting`` False: nothing can go on when the
    screen ends, as in the demo. Raises ``InputProblem`` where there is no terminal to draw on.
    """
    if not on_terminal():
        raise InputProblem(
            "There is no terminal to draw on",
            "standard input or standard error is redirected",
            "Run it in a terminal, or without a screen: gencove-tui watch DIR --headless",
        )
    if os.environ.get("SSH_TTY") or os.environ.get("SSH_CONNECTION"):
        os.environ.setdefault("TEXTUAL_FPS", "15")  # read when textual is imported
    wanted: str | None = None if settings.api_key else settings.profile
    anew = False
    code = 0
    while True:
        if wanted is not None:
            if wanted and not anew and (found := resolve(wanted, may_be_new=True)).api_key:
                settings = found
            else:
                made = _connect(settings, wanted, mouse=mouse)
                if made is None and not settings.api_key:
                    return code
                settings = made or settings  # after "Back" the profile of before goes on
            hint = ""
        fresh = wanted is not None and not (settings.state_folder / "ledger.db").exists()
        shown = _show(settings, hint=hint, fresh=fresh, lasting=lasting, mouse=mouse)
        code, wanted, anew = asyncio.run(shown)
        if wanted is None:
            return code


async def _show(
    settings: Settings, *, hint: str, fresh: bool, lasting: bool, mouse: bool
) -> tuple[int, str | None, bool]:
    """Show the main screen.

    Returns the exit code, the profile to go on with if the user chose one, and whether it gets a new key.
    """
    gc.unfreeze()  # the screen of another profile may have ended
    gc.disable()  # what a start makes stays: looking for garbage in it takes a quarter of the time
    from gencove_tui.tui.actions.keymap import make_keymap
    from gencove_tui.tui.app import build_app
    from gencove_tui.tui.themes import check_theme

    with suppress(OSError):  # what it says can be read on it as well
        log_to_file(settings, name=SCREEN_LOG_NAME)
    config = load_config(settings.where.config_file)
    keys = make_keymap(
        config.keys.preset, config.keys.changes, source=f"[keys] of {settings.where.config_file}"
    )
    theme = check_theme(config.screen.theme, f"[screen] theme of {settings.where.config_file}")
    if fresh:
        hint = (
            f"Connected. {keys.key('open')} opens what the cursor is on,"
            f" {keys.key('upload')} uploads FASTQ files,"
            f" {keys.key('help')} shows all keys. {keys.key('back')} hides this."
        )
    desk = LocalDesk(settings, linker(settings))  # the app closes it
    app = build_app(
        desk,
        hint=hint,
        refresh_seconds=settings.options.poll_seconds,
        lasting=lasting,
        ascii_only=config.screen.ascii,
        theme=theme,
        keys=keys,
        memory=settings.state_folder,
        profiles=tuple(config.profiles) if lasting else (),
        bell=config.screen.bell,
    )
    asyncio.get_running_loop().call_later(_SETTLED_SECONDS, _collect_garbage)
    await app.run_async(mouse=mouse and config.screen.mouse)
    return app.return_code or 0, app.wanted_profile, app.wants_key


def _collect_garbage() -> None:
    """From now on, but never again in what the start made: that would hold up keys."""
    gc.freeze()
    gc.enable()


def _connect(settings: Settings, profile: str, *, mouse: bool = True) -> Settings | None:
    """Let the user make a profile: its settings, or None after quitting."""
    from gencove_tui.api.connect import ENVIRONMENTS, connect
    from gencove_tui.cli.engine import renew_engine
    from gencove_tui.tui.connect import Accepted, ConnectApp, Doors

    async def check(host: str, key: str) -> Accepted:
        api = await connect(host or None, key)
        try:
            account = await api.check_key()
        finally:
            await api.aclose()
        return Accepted(api.host, str(api.dialect), account.email or account.name)

    def keep(name: str, key: str, accepted: Accepted) -> None:
        save_key(settings.where, name, key)
        values = {"host": accepted.host, "dialect": accepted.dialect}
        before = config.profiles.get(name)
        if accepted.s3_endpoint or (before is not None and before.s3_endpoint):
            values["s3_endpoint"] = accepted.s3_endpoint
        remember(settings.where.config_file, name, **values)

    config = load_config(settings.where.config_file)
    known = config.profiles.get(profile)
    # What was chosen by option or environment counts for the profile that it was said of.
    host = settings.host if profile == settings.profile else "" if known is None else known.host
    doors = Doors(
        profile=profile,
        environments=[(name, host) for name, (host, _) in ENVIRONMENTS.items()],
        kept_in=lambda name: str(settings.where.key_file(check_profile_name(name))),
        check=check,
        keep=keep,
        host=host,
        back=bool(settings.api_key),
        s3_endpoint="" if known is None else known.s3_endpoint,
        others=() if settings.api_key else tuple(config.profiles),
    )
    while True:
        app = ConnectApp(doors, theme=config.screen.theme, ascii_only=config.screen.ascii)
        app.run(mouse=mouse and config.screen.mouse)
        if not app.demo:
            break
        from gencove_tui.cli.demo import run_demo

        run_demo("v2", None)  # and back to where it was chosen
    if app.chosen is None:
        return None
    chosen = resolve(app.chosen, may_be_new=True)
    renew_engine(chosen)
    return chosen


def print_keys(settings: Settings, *, markdown: bool) -> str:
    """Every action with its keys, as text or as the README's Markdown tables."""
    from gencove_tui.tui.actions.keymap import key_listing, make_keymap, markdown_table

    if markdown:
        return markdown_table()
    config = load_config(settings.where.config_file)
    return key_listing(
        make_keymap(config.keys.preset, config.keys.changes, f"[keys] of {settings.where.config_file}")
    )
