"""``gcp-deploy predict``."""

from typing import Annotated

import typer

from gcp_deploy.cli import completion
from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "predict",
    examples="""
    gcp-deploy predict --instances rows.json
    echo '[[5.1, 3.5, 1.4, 0.2]]' | gcp-deploy predict --model iris
    gcp-deploy predict --instances rows.jsonl --version 2 --output json
    """,
)
def predict(
    shared: Shared,
    *,
    instances: Annotated[
        str | None,
        typer.Option("--instances", metavar="FILE|-", help="The rows; '-' or nothing is stdin."),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            metavar="VERSION",
            help="Ask this version; on aiplatform it has to have a share of the traffic.",
            autocompletion=completion.versions,
        ),
    ] = None,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="How long to wait for the answer.")
    ] = "1m",
) -> None:
    """Ask the model for predictions, as an application would.

    Rows are {"instances": [...]}, a bare JSON array of rows, or one JSON value a line. The table
    has one prediction a line; who gave them is said on stderr, and in the JSON.
    """
    from gcp_deploy.cli.asking import ask, read_instances
    from gcp_deploy.cli.session import load_settings
    from gcp_deploy.domain import durations

    settings = load_settings(shared, require=("project", "region"))
    patience = durations.parse(timeout)
    rows = read_instances(instances)
    ask(settings, rows, version=version, timeout=patience, quiet=shared.quiet)
