"""Arguments and options that several commands share, but not all."""

from typing import Annotated

import typer

TIMEOUT = "30m"
Artifact = Annotated[
    str, typer.Argument(metavar="ARTIFACT", help="The joblib file, fitted pipeline inside.")
]
Because = Annotated[
    str,
    typer.Option("--because", metavar="TEXT", help="The reason, kept in the release log."),
]
DetailedExitCode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="End with 10 when there are steps.")
]
Golden = Annotated[
    str | None,
    typer.Option(
        "--golden",
        metavar="FILE",
        help="Golden rows as JSON; without them they are derived from the artifact.",
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--labels", metavar="KEY=VALUE", help="A label; may be given several times."),
]
Promote = Annotated[
    bool, typer.Option("--promote", help="Make it the default once it is verified.")
]
Timeout = Annotated[
    str,
    typer.Option("--timeout", metavar="TIME", help="How long to wait, such as 90s, 30m or 1h30m."),
]
