"""``gcp-deploy init``."""

from pathlib import Path
from typing import Annotated

import typer

from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared
from gcp_deploy.errors import UsageError


@command(
    "init",
    examples="""
    gcp-deploy init
    gcp-deploy init --print
    """,
)
def init(
    shared: Shared,
    *,
    show: Annotated[
        bool, typer.Option("--print", help="Write it to stdout instead of to a file.")
    ] = False,
) -> None:
    """Write gcp-deploy.toml into the current directory, with every setting explained.

    Nothing in it has to be changed: without a target everything runs on this machine. A file that
    exists is left alone.
    """
    from gcp_deploy.cli.render import emit, versioned, write
    from gcp_deploy.cli.session import load_settings
    from gcp_deploy.settings.example import example
    from gcp_deploy.settings.schema import SETTINGS_FILE

    if show:
        emit(example())
        return
    output = load_settings(shared, require=()).output
    path = Path(SETTINGS_FILE).absolute()
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(example())
    except FileExistsError as error:
        raise UsageError(
            f"{path} exists already", hint="gcp-deploy init --print shows a fresh one"
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    write(output, versioned({"file": str(path)}), [f"{path} written"])
