"""``gcp-deploy local``: the embedded platform as a server."""

from typing import Annotated, Any

import typer

from gcp_deploy.cli.arguments import Timeout
from gcp_deploy.cli.command import command, group
from gcp_deploy.cli.options import Shared
from gcp_deploy.errors import UsageError


@command(
    "up",
    examples="""
    gcp-deploy local up
    gcp-deploy local up --port 8080 --state ./platform --output json
    """,
)
def up(
    shared: Shared,
    *,
    port: Annotated[
        str, typer.Option("--port", metavar="NUMBER", help="The port; 0 takes a free one.")
    ] = "0",
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay, until Ctrl-C.")] = False,
    timeout: Timeout = "30s",
) -> None:
    """Start the embedded platform as a server on this machine, and show its addresses.

    It listens on loopback only. Commands on the same state directory find it by themselves; a
    second 'up' shows the one that is running.
    """
    from gcp_deploy.cli.session import load_settings
    from gcp_deploy.domain import durations

    settings = load_settings(shared, require=())
    number, patience = _port(port), durations.parse(timeout)
    from gcp_deploy.emulator import server

    def show(platform: dict[str, Any]) -> None:
        _show(settings.output, platform)

    try:
        if foreground:
            server.serve(settings.state_dir, port=number, ready=show)
            return
        found = server.spawn(settings.state_dir, port=number, timeout=patience)
    except OSError as error:
        from gcp_deploy.wiring import no_state

        raise no_state(settings, error) from error
    show(found)


@command(
    "down",
    examples="""
    gcp-deploy local down
    gcp-deploy local down --state ./platform
    """,
)
def down(shared: Shared) -> None:
    """Stop the server. What it stored stays, and 'up' goes on with it."""
    from gcp_deploy.cli.render import versioned, write
    from gcp_deploy.cli.session import load_settings
    from gcp_deploy.emulator import server

    settings = load_settings(shared, require=())
    was = server.running(settings.state_dir) is not None
    server.stop(settings.state_dir)
    words = "stopped" if was else "nothing was running"
    write(settings.output, versioned({"stopped": was}), [words])


@command(
    "status",
    examples="""
    gcp-deploy local status
    gcp-deploy local status --output json
    """,
)
def status(shared: Shared) -> None:
    """Show whether the server is running, and its addresses."""
    from gcp_deploy.cli.render import versioned, write
    from gcp_deploy.cli.session import load_settings
    from gcp_deploy.emulator import server

    settings = load_settings(shared, require=())
    platform = server.running(settings.state_dir)
    if platform is None:
        told = [f"not running; state is kept in {settings.state_dir}"]
        document = versioned({"running": False, "state": str(settings.state_dir)})
        write(settings.output, document, told)
    else:
        _show(settings.output, {**platform, "running": True, "state": str(settings.state_dir)})


@command(
    "reset",
    examples="""
    gcp-deploy local reset
    gcp-deploy local reset --state ./platform
    """,
)
def reset(shared: Shared) -> None:
    """Stop the server and throw away everything it stored: models, versions, objects, logs."""
    from gcp_deploy.cli.render import versioned, write
    from gcp_deploy.cli.session import load_settings
    from gcp_deploy.emulator import server

    settings = load_settings(shared, require=())
    try:
        server.stop(settings.state_dir)
        server.reset(settings.state_dir)
    except OSError as error:
        raise UsageError(
            f"{settings.state_dir} cannot be emptied: {error.strerror or error}",
            hint="--state DIR",
        ) from error
    state = str(settings.state_dir)
    write(settings.output, versioned({"state": state, "reset": True}), [f"{state} is empty"])


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 65536):
        raise UsageError(f"not a port: {text!r}", hint="a number up to 65535; 0 takes a free one")
    return int(text)


def _show(output: str, platform: dict[str, Any]) -> None:
    from gcp_deploy.cli.render import versioned, write

    body = {key: value for key, value in platform.items() if key != "schema_version"}
    told = [
        f"running as process {platform['pid']}",
        *(f"{name + ':':12}{url}" for name, url in platform["urls"].items()),
        f"{'project:':12}{platform['project']} ({platform['project_number']})",
        f"{'region:':12}{platform['region']}",
        f"{'bucket:':12}{platform['bucket']}",
    ]
    write(output, versioned(body), told)


local = group("local", "Run the embedded platform as a server.", up, down, status, reset)
