"""Live names for shell completion: what exists on the target, asked within two seconds.

An error means no completions: a shell is no place for messages. What was typed before counts, so
``--target prod`` completes with the names of prod.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import typer

PATIENCE = timedelta(seconds=2)
_FLAGS = (
    "target",
    "model",
    "platform",
    "protocol",
    "project",
    "region",
    "bucket",
    "state",
    "impersonate_service_account",
)


def targets(context: typer.Context, incomplete: str) -> list[str]:
    """Return the targets of the settings file."""

    def names() -> list[str]:
        from pathlib import Path

        from gcp_deploy.settings.file import find
        from gcp_deploy.settings.validate import validate

        _, tables, _ = validate(find(Path.cwd()))
        return ["local", *tables]

    del context
    return _offer(names, incomplete)


def models(context: typer.Context, incomplete: str) -> list[str]:
    """Return the models of the target."""

    def names() -> list[str]:
        with _connected(context) as (_, ports):
            return list(ports.registry.models())

    return _offer(names, incomplete)


def versions(context: typer.Context, incomplete: str) -> list[str]:
    """Return the versions of the model, newest first."""

    def names() -> list[str]:
        from gcp_deploy.app import watching

        with _connected(context) as (settings, ports):
            model = settings.model or watching.only_model(ports)
            return [one.version for one in reversed(ports.registry.versions(model))]

    return _offer(names, incomplete)


def operations(context: typer.Context, incomplete: str) -> list[str]:
    """Return the operation that the model's last run was waiting for."""

    def names() -> list[str]:
        from gcp_deploy.app import watching

        with _connected(context) as (settings, ports):
            model = settings.model or watching.only_model(ports)
            return [watching.status(ports, model).operation]

    return _offer(names, incomplete)


def _offer(names: Callable[[], list[str]], incomplete: str) -> list[str]:
    with suppress(Exception):
        return [one for one in dict.fromkeys(names()) if one and one.startswith(incomplete)]
    return []


@contextmanager
def _connected(context: typer.Context) -> Iterator[tuple[Any, Any]]:
    from gcp_deploy import wiring
    from gcp_deploy.cli.reporter import Silent
    from gcp_deploy.settings.environment import load_here

    flags = {name: context.params.get(name) for name in _FLAGS}
    settings = load_here({name: value for name, value in flags.items() if value})
    with wiring.connect(settings, reporter=Silent(), timeout=PATIENCE) as ports:
        yield settings, ports
