"""The commands. Nothing heavy is imported before one runs: ``--version`` and ``--help`` answer at once."""

from __future__ import annotations

import sys
from typing import Any

import click

from gencove_tui import __version__
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


def resolved(context: click.Context, *, may_be_new: bool = False) -> Any:
    """The settings that the options, the environment and the profile add up to."""
    from gencove_tui.api.connect import environment_host
    from gencove_tui.config import resolve

    options = context.find_root().params
    host = options["host"]
    if options["env"]:
        if host:
            raise InputProblem("Both --host and --env name a host", "", "Give one of them.")
        host = environment_host(options["env"])
    if options["api_key"]:
        click.secho(
            "Note: a key after --api-key shows in the process list; `gencove-tui login` keeps it safe.",
            fg="yellow",
            err=True,
        )
    return resolve(
        options["profile"],
        host=host,
        api_key=options["api_key"],
        download_folder=options["download_folder"],
        may_be_new=may_be_new,
    )


def resolved_with_key(context: click.Context) -> Any:
    """Like ``resolved``; raises ``InputProblem`` when there is no key."""
    settings = resolved(context)
    if not settings.api_key:
        raise InputProblem(
            "There is no API key yet",
            f"profile {settings.profile} has none and $GENCOVE_API_KEY is empty",
            "Run: gencove-tui login   (or look around without an account: gencove-tui demo)",
        )
    return settings


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
@click.pass_context
def cli(context: click.Context, /, **_: str | None) -> None:
    """Projects, samples, uploads and results of Gencove on one screen.

    Without a command the screen opens. Transfers run in a process of their own, so they survive the end of
    the terminal.
    """
    if context.invoked_subcommand is None:
        from gencove_tui.cli.screen import run_screen

        context.exit(run_screen(resolved_with_key(context)))


@cli.command()
@click.pass_context
def login(context: click.Context) -> None:
    """Keep an API key for a profile, after checking it with Gencove.

    The key is asked for without showing it, and kept in a file that only you can read.
    """
    from gencove_tui.cli.login import run_login

    run_login(resolved(context, may_be_new=True))


@cli.command()
@click.argument("folder", metavar="DIR")
@click.argument("destination", metavar="[gncv://DEST]", required=False)
@click.option("--headless", is_flag=True, help="No screen: one line per event on stdout.")
@click.option("--json", "as_json", is_flag=True, help="With --headless: events as JSON lines.")
@click.option("--once", is_flag=True, help="With --headless: stop when all that is there has been uploaded.")
@click.option(
    "--settle", type=float, metavar="SECONDS", help="How long a file must stand still (default 10)."
)
@click.option("--include", multiple=True, metavar="GLOB", help="Only files whose relative path matches.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Not files whose relative path matches.")
@click.pass_context
def watch(
    context: click.Context,
    folder: str,
    destination: str | None,
    headless: bool,
    as_json: bool,
    once: bool,
    settle: float | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
) -> None:
    """Upload every new FASTQ below DIR to gncv://DEST by itself, each once.

    DEST defaults to gncv://NAME-OF-DIR/. A file is taken once its size and time have stood still.

    \b
    Exit codes with --once: 0 all uploaded, 3 some failed, 1 no connection or key refused, 2 bad input.
    """
    from gencove_tui.cli.watch import WatchOrder, run_watch

    if (as_json or once) and not headless:
        raise InputProblem("--json and --once work without a screen only", "", "Add --headless.")
    order = WatchOrder(
        folder=folder, destination=destination, settle=settle, include=include, exclude=exclude
    )
    settings = resolved_with_key(context)
    context.exit(run_watch(settings, order, headless=headless, as_json=as_json, once=once))


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.argument("destination", metavar="gncv://DEST")
@click.option("--dry-run", is_flag=True, help="Only say what would go where, and what not and why.")
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON lines.")
@click.pass_context
def upload(
    context: click.Context, paths: tuple[str, ...], destination: str, dry_run: bool, as_json: bool
) -> None:
    """Upload FASTQ files, and folders with all the FASTQs below them, to gncv://DEST.

    Interrupted, it goes on where it was when it is run again. What is there already is skipped, and nothing
    is ever overwritten.

    \b
    Exit codes: 0 all there, 3 some failed, 1 no connection or key refused, 2 bad input, 130 interrupted.
    """
    from gencove_tui.cli.move import run_upload

    settings = resolved_with_key(context)
    context.exit(run_upload(settings, paths, destination, dry_run=dry_run, as_json=as_json))


@cli.command()
@click.argument("sample_ids", nargs=-1, required=True, metavar="SAMPLE_ID...")
@click.option("--project", default="", metavar="ID", help="The samples' project; the original API needs it.")
@click.option("--file-type", "file_types", multiple=True, metavar="TYPE", help="Only these, e.g. impute-vcf.")
@click.option("--dry-run", is_flag=True, help="Only say what would be saved where.")
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON lines.")
@click.pass_context
def download(
    context: click.Context,
    sample_ids: tuple[str, ...],
    project: str,
    file_types: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Download the results of samples, each verified by its checksum where Gencove knows one.

    They are saved as CLIENT_ID/SAMPLE_ID/FILE below --download-folder (an option of gencove-tui itself).
    """
    from gencove_tui.cli.move import run_download

    settings = resolved_with_key(context)
    context.exit(run_download(settings, sample_ids, project, file_types, dry_run=dry_run, as_json=as_json))


@cli.command()
@click.option("--child", is_flag=True, hidden=True)
@click.pass_context
def engine(context: click.Context, child: bool) -> None:
    """Perform the profile's transfers in the foreground, without a screen.

    Screens start it by themselves; run it by hand to keep it going without one.
    """
    from gencove_tui.cli.engine import run_engine

    context.exit(run_engine(resolved_with_key(context), child=child))


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
def sandbox(port: int, s3_port: int, scenario: str, faults: tuple[str, ...], speed: float) -> None:
    """Serve a local Gencove (v1 and v2) and an S3 endpoint on loopback, for trying and testing.

    Prints one line of JSON with host, s3_endpoint, api_key and scenario when ready; stops on Ctrl-C.
    """
    require_extra("sandbox", "starlette", "uvicorn", "moto")
    from gencove_tui.sandbox import serve

    sys.exit(serve(port=port, s3_port=s3_port, scenario=scenario, faults=faults, speed=speed))


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
            f"Run: pip install 'gencove-tui[{extra}]'",
        )


def main() -> None:
    """Entry point of the ``gencove-tui`` script."""
    cli()
