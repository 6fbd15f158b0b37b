"""Options that several commands share, but not all."""

from typing import Annotated

import typer

Because = Annotated[
    str,
    typer.Option("--because", metavar="TEXT", help="The reason, kept in the release log."),
]
Timeout = Annotated[
    str,
    typer.Option("--timeout", metavar="TIME", help="How long to wait, such as 90s, 30m or 1h30m."),
]
