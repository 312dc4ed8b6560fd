"""The program `claudetorio`. Imports inside commands keep `--help` and mistakes quick."""

from __future__ import annotations

import sys
from typing import Annotated, Any, NoReturn

if sys.version_info < (3, 11):  # noqa: UP036 (said in a sentence, not by a traceback)
    sys.exit("claudetorio: Python 3.11 or newer is needed: run it with one.")

import importlib
import json
from pathlib import Path

import typer

app = typer.Typer(
    name="claudetorio",
    help="Headless Factorio worlds, agents that play them over MCP, and a page to watch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ELSEWHERE = {"eval": "evals.tasks", "bench": "evals.bench"}
"""Commands that live in modules of their own, each with a Typer `app`; their options are theirs."""
PASS_ON: dict[str, Any] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


Host = Annotated[str | None, typer.Option(help="Address of the gateway.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="TCP port of the gateway.", show_default="3000")]


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder for the database, saves, journals, logs.", show_default="./data"),
    ] = None,
    worlds: Annotated[int | None, typer.Option(help="How many worlds to run.", show_default="2")] = None,
    agent: Annotated[
        str | None, typer.Option(help="Who plays: auto, scripted, claude, none.", show_default="auto")
    ] = None,
    speed: Annotated[float | None, typer.Option(help="Game seconds per second.", show_default="10")] = None,
    viewports: Annotated[
        int | None, typer.Option(help="How many worlds may be filmed at once.", show_default="4")
    ] = None,
) -> None:
    """Run worlds and agents that play them, and serve the page that shows them, until Ctrl-C.

    Every option is also an environment variable: CLAUDETORIO_HOST, CLAUDETORIO_PORT, …
    """
    settings = load_settings(
        host=host, port=port, data=data, worlds=worlds, agent=agent, speed=speed, viewports=viewports
    )
    from harness.settings import has_key

    if settings.agent == "claude" and not has_key():
        fail(
            "--agent claude needs a key: set ANTHROPIC_API_KEY, or use --agent scripted, which needs none.", 2
        )
    from harness.up import CannotStart, run

    try:
        run(settings)
    except CannotStart as error:
        fail(str(error))


@app.command()
def status(
    host: Host = None,
    port: Port = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what the API answers.")] = False,
) -> None:
    """Show the worlds of a running `claudetorio up`."""
    import urllib.error
    import urllib.request

    from harness.addresses import url_of

    settings = load_settings(host=host, port=port)
    address = url_of(settings.host, settings.port)
    try:
        with urllib.request.urlopen(f"{address}/api/worlds", timeout=10) as answer:
            worlds = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        fail(f"no gateway at {address} ({reason}): start one with `claudetorio up`, or name its --port.")
    if as_json:
        print(json.dumps(worlds, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=address)
    for column in ("world", "status", "agent", "activity"):
        table.add_column(column)
    for column in ("score", "automated", "tick"):
        table.add_column(column, justify="right")
    for world in worlds:
        table.add_row(
            world["name"],
            world["status"],
            world["agent"],
            world["activity"],
            f"{world['score']:,.0f}",
            f"{world['automated_score']:,.0f}",
            f"{world['tick']:,}",
        )
    Console().print(table)


@app.command()
def mcp(
    world: Annotated[
        str | None, typer.Argument(help="The world to serve; the fleet when left out.", show_default=False)
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="The gateway's address.", show_default="http://127.0.0.1:3000")
    ] = None,
    tools: Annotated[
        str | None, typer.Option(help="program: only the few tools that one who writes programs needs.")
    ] = None,
    host: Host = None,
    port: Port = None,
) -> None:
    """Serve a world of a running `claudetorio up` to an MCP client over stdio.

    CLAUDETORIO_TOKEN is sent as the bearer token, if it is set: a world that is claimed wants it.
    """
    import os
    from urllib.parse import quote

    if tools not in (None, "program"):
        fail(f"--tools is {tools!r}; it must be program, or left out.")
    settings = load_settings(host=host, port=port)

    import anyio

    from harness.addresses import url_of
    from mcp_servers.stdio import NoGateway, serve_stdio

    address = (url or url_of(settings.host, settings.port)).rstrip("/")
    path = f"/worlds/{quote(world, safe='')}/mcp" if world else "/mcp"
    try:
        anyio.run(
            serve_stdio,
            f"{address}{path}{f'?tools={tools}' if tools else ''}",
            os.environ.get("CLAUDETORIO_TOKEN"),
        )
    except NoGateway as error:
        fail(f"{str(error).rstrip('.')}.")


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Show what this machine has, what is missing, and what to do about it. Exit code 1 if something is broken."""
    from dataclasses import asdict

    from harness.doctor import examine, healthy

    findings = list(examine())
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table()
        for column in ("", "state", "found", "what to do"):
            table.add_column(column, overflow="fold")
        for finding in findings:
            table.add_row(finding.what, finding.state, finding.found, finding.advice)
        Console().print(table)
    if not healthy(findings):
        raise typer.Exit(1)


@app.command(name="eval", context_settings=PASS_ON)
def evaluate(context: typer.Context) -> None:
    """Let an agent play FLE's tasks and verify them."""
    elsewhere("eval", context.args)


@app.command(context_settings=PASS_ON)
def bench(context: typer.Context) -> None:
    """Measure how fast things are."""
    elsewhere("bench", context.args)


def elsewhere(name: str, arguments: list[str]) -> NoReturn:
    """Run a command that lives in a module of its own; exits with its exit code."""
    module = importlib.import_module(ELSEWHERE[name])
    typer.main.get_command(module.app)(args=arguments, prog_name=f"claudetorio {name}")
    raise SystemExit(0)


def load_settings(**given: Any) -> Any:
    """The `Settings` made of the options given and the environment; ends the program on bad ones."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from harness.settings import Settings, explain

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fail(explain(error))
    except SettingsError as error:
        fail(f"{error}.")


def fail(sentence: str, code: int = 1) -> NoReturn:
    """End the program with one sentence on stderr."""
    print(f"claudetorio: {sentence}", file=sys.stderr)
    raise SystemExit(code)


def main() -> None:
    """Entry point of `claudetorio`."""
    app()


if __name__ == "__main__":
    main()
