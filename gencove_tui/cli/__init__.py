"""The commands. Nothing heavy is imported before one runs: ``--version`` and ``--help`` answer at once."""

from __future__ import annotations

import sys
from typing import Any

import click

from gencove_tui import __version__
from gencove_tui.cli.auditing import audit, loop
from gencove_tui.cli.context import resolved, resolved_with_key
from gencove_tui.cli.exporting import raw_data
from gencove_tui.cli.moving import download, transfers, upload
from gencove_tui.cli.watching import rules, watch
from gencove_tui.errors import InputProblem, Problem

EXIT_PROBLEM = 1
EXIT_USAGE = 2
EXIT_SOME_FAILED = 3

_EPILOG = """
The API key is taken from --api-key, then $GENCOVE_API_KEY, then the profile (see `gencove-tui login`);
the host from --host, then $GENCOVE_HOST, then the profile. With no host at all, Gencove's documented hosts
are tried in turn.
"""


class Options(click.Group):
    """The group; problems become one message on stderr and an exit code, never a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(context)
        except click.NoSuchOption as error:
            if any(error.option_name in option.opts for option in self.params):
                words = f"It stands before the command: gencove-tui {error.option_name} …"
                raise click.UsageError(f"{error.format_message()} {words}", error.ctx) from error
            raise
        except Problem as problem:
            report(problem)
            context.exit(EXIT_USAGE if isinstance(problem, InputProblem) else EXIT_PROBLEM)
        except KeyboardInterrupt:
            context.exit(130)


def report(problem: Problem) -> None:
    """Print a problem and its remedy to stderr."""
    click.secho("gencove-tui: ", fg="red", bold=True, nl=False, err=True)
    text = f"{problem.what}: {problem.why}" if problem.why else problem.what
    click.echo(text, err=True)
    if problem.remedy:
        click.echo(f"  {problem.remedy}", err=True)


@click.group(
    cls=Options,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(__version__, prog_name="gencove-tui")
@click.option("--profile", metavar="NAME", help="Which profile of config.toml to use.")
@click.option("--host", metavar="URL", help="Gencove's API host, e.g. https://api.gencove.com.")
@click.option("--env", metavar="NAME", help="A known host by name: production, staging, v2, v2-eu.")
@click.option("--api-key", metavar="KEY", help="The API key. Prefer $GENCOVE_API_KEY or `login`.")
@click.option("--download-folder", metavar="DIR", help="Where downloads go (default ~/gencove).")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, for its own selection.")
@click.pass_context
def cli(context: click.Context, /, **_: str | bool | None) -> None:
    """Projects, samples, uploads and results of Gencove on one screen.

    Without a command the screen opens. Transfers run in a process of their own, so they survive the end of
    the terminal.
    """
    if context.invoked_subcommand is None:
        from gencove_tui.cli.screen import on_terminal, run_screen

        # Somebody new is asked for a key on the screen, unless there is none to ask on.
        settings = resolved(context) if on_terminal() else resolved_with_key(context)
        context.exit(run_screen(settings, mouse=not context.params["no_mouse"]))


@cli.command()
@click.pass_context
def login(context: click.Context) -> None:
    """Keep an API key for a profile, after checking it with Gencove.

    The key is asked for without showing it, and kept in a file that only you can read.
    """
    from gencove_tui.cli.login import run_login

    run_login(resolved(context, may_be_new=True))


@cli.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="As JSON lines.")
@click.pass_context
def doctor_(context: click.Context, as_json: bool) -> None:
    """Look whether all that transfers need is there: key, host, store, clock, disks, engine, rules.

    Nothing is changed and no key is shown: what it prints can be sent to whoever helps you. Exit code 0 when
    nothing is in the way, else 3.
    """
    from gencove_tui.cli.doctor import run_doctor

    context.exit(run_doctor(resolved(context), as_json=as_json))


cli.add_command(audit)
cli.add_command(loop)
cli.add_command(raw_data)
cli.add_command(watch)
cli.add_command(rules)
cli.add_command(upload)
cli.add_command(download)
cli.add_command(transfers)


@cli.group(invoke_without_command=True)
@click.option("--child", is_flag=True, hidden=True)
@click.option("--wait", is_flag=True, help="Where another engine works, wait until it ends. For services.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="How much goes into engine.log. No level writes keys or signed URLs.",
)
@click.pass_context
def engine(context: click.Context, child: bool, wait: bool, log_level: str) -> None:
    """Perform the profile's transfers in the foreground, without a screen.

    Screens start it by themselves; run it by hand to keep it going without one, or let systemd do so: see
    `gencove-tui service`. SIGINT and SIGTERM stop it within seconds, with all progress kept.
    """
    if context.invoked_subcommand is None:
        from gencove_tui.cli.engine import run_engine

        settings = resolved_with_key(context)
        context.exit(run_engine(settings, child=child, wait=wait, log_level=log_level))


@engine.command(name="status")
@click.pass_context
def engine_status(context: click.Context) -> None:
    """Say whether an engine lives and what it does. Exit code 0 when one does, else 3."""
    from gencove_tui.cli.engine import run_status

    context.exit(run_status(resolved(context)))


@engine.command(name="stop")
@click.pass_context
def engine_stop(context: click.Context) -> None:
    """Stop the engine that lives. All progress is kept; transfers go on when one starts again."""
    from gencove_tui.cli.engine import run_stop

    context.exit(run_stop(resolved(context)))


@engine.command(name="restart")
@click.pass_context
def engine_restart(context: click.Context) -> None:
    """Stop the engine that lives and start one of this version, as after an upgrade."""
    from gencove_tui.cli.engine import run_restart

    context.exit(run_restart(resolved_with_key(context)))


@cli.group()
def service() -> None:
    """Keep the profile's engine running under systemd, with nobody logged in."""


@service.command()
@click.option("--print", "only_print", is_flag=True, help="Only print the unit; change nothing.")
@click.option("--linger", is_flag=True, help="Also let it run while you are logged out (loginctl).")
@click.pass_context
def install(context: click.Context, only_print: bool, linger: bool) -> None:
    """Make the profile's engine a systemd user service, and start it.

    It is started again when it fails or hangs, and at every boot or login. The API key stays in the profile's
    own file. Run it again after moving the program or $GENCOVE_TUI_HOME.
    """
    from gencove_tui.cli.service import run_install

    context.exit(run_install(resolved(context), only_print=only_print, linger=linger))


@service.command()
@click.pass_context
def uninstall(context: click.Context) -> None:
    """Stop the service and take its unit away. Profile, key, ledger and files stay as they are."""
    from gencove_tui.cli.service import run_uninstall

    context.exit(run_uninstall(resolved(context)))


@service.command(name="status")
@click.pass_context
def service_status(context: click.Context) -> None:
    """Say how the service and its engine fare. Exit code 0 when an engine lives, else 3."""
    from gencove_tui.cli.service import run_service_status

    context.exit(run_service_status(resolved(context)))


@cli.command()
@click.option("--markdown", is_flag=True, help="The preset `default` as Markdown tables.")
@click.pass_context
def keys(context: click.Context, markdown: bool) -> None:
    """List every action of the screen with its keys, as [keys] of config.toml has them.

    There, `preset = "vim"` chooses other keys, and `ID = "KEY"` or `ID = ["KEY", "KEY"]` changes one action.
    """
    from gencove_tui.cli.screen import print_keys

    click.echo(print_keys(resolved(context), markdown=markdown), nl=False)


class SandboxCommand(click.Command):
    """Its help lists what the sandbox offers, which is looked up only then."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Scenarios and faults."""
        del ctx
        from gencove_tui.sandbox import GRAMMAR, describe_faults, describe_scenarios

        for title, text in (("Scenarios", describe_scenarios()), (f"Faults: {GRAMMAR}", describe_faults())):
            with formatter.section(title):
                for line in text.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line.strip()}\n")


@cli.command(cls=SandboxCommand)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the API; 0 finds a free one.")
@click.option("--s3-port", type=click.IntRange(0, 65535), default=0, help="Port of the S3 endpoint.")
@click.option("--scenario", default="demo", show_default=True, help="demo, empty or large.")
@click.option(
    "--fault", "faults", multiple=True, metavar="SPEC", help="Misbehave, e.g. latency=0.3 or 429=0.1."
)
@click.option("--speed", type=float, default=1.0, show_default=True, help="How fast its clock runs.")
@click.option("--api-key", default="", metavar="KEY", help="The key that it takes; a new one at each start.")
def sandbox(
    port: int, s3_port: int, scenario: str, faults: tuple[str, ...], speed: float, api_key: str
) -> None:
    """Serve a local Gencove (v1 and v2) and an S3 endpoint on loopback, for trying and testing.

    Prints one line of JSON with host, s3_endpoint, api_key and scenario when ready; stops on Ctrl-C.
    """
    require_extra("sandbox", "starlette", "uvicorn", "moto")
    from gencove_tui.sandbox import serve

    sys.exit(serve(port, s3_port, scenario, faults, speed, api_key))


@cli.command()
@click.option(
    "--dialect", type=click.Choice(["v1", "v2"]), default="v2", show_default=True, help="Which API to show."
)
@click.option("--download-folder", metavar="DIR", help="Where downloads go (default: ./gencove-demo).")
def demo(dialect: str, download_folder: str | None) -> None:
    """Try everything without an account and without a network.

    Starts a local Gencove, makes small FASTQ files, and opens the screen with a watched folder. Leaves
    nothing behind except what you download.
    """
    require_extra("demo", "starlette", "uvicorn", "moto")
    from gencove_tui.cli.demo import run_demo

    sys.exit(run_demo(dialect, download_folder))


@cli.group()
def webhook() -> None:
    """Hear of results when they are ready, and check who sent the news."""


@webhook.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), required=True, help="Port to listen on; 0 finds a free one."
)
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--secret-file", metavar="FILE", help="File with the subscription's secret.")
@click.pass_context
def listen(context: click.Context, port: int, bind: str, secret_file: str | None) -> None:
    """Take Gencove's deliveries and show them in every open screen at once.

    Put a web server with https in front of it and give its address to Gencove as the target of a project's
    subscription. The secret is read from --secret-file or $GENCOVE_WEBHOOK_SECRET; deliveries with a wrong
    signature are refused.
    """
    require_extra("webhook listen", "starlette", "uvicorn", extra="webhook")
    from gencove_tui.cli.webhook import read_secret, run_listen

    secret = read_secret(secret_file)
    context.exit(run_listen(resolved(context), bind=bind, port=port, secret=secret))


@webhook.command(name="verify")
@click.argument("secret")
@click.argument("header")
@click.argument("payload")
@click.option("--tolerance", type=float, metavar="SECONDS", help="Refuse signatures older than this.")
def verify_(secret: str, header: str, payload: str, tolerance: float | None) -> None:
    """Check a delivery by hand: the SECRET, the Gencove-Signature HEADER and the PAYLOAD as received.

    Exit code 0 when the signature is right, 1 when it is not.
    """
    from gencove_tui.cli.webhook import run_verify

    run_verify(secret, header, payload, tolerance)


def require_extra(command: str, *modules: str, extra: str = "demo") -> None:
    """Raise ``InputProblem`` when packages of an extra are missing."""
    from importlib.util import find_spec

    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise InputProblem(
            f"`gencove-tui {command}` needs more packages",
            f"missing: {', '.join(missing)}",
            f"Run: pip install 'gencove-tui[{extra}]'   (in a checkout: pip install '.[{extra}]')",
        )


def main() -> None:
    """Entry point of the ``gencove-tui`` script."""
    from gencove_tui.cli.running import leave

    try:
        cli()
    except SystemExit as end:
        leave(end.code)
