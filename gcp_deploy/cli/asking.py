"""Predictions for ``predict``: through the client that applications use."""

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from gcp_deploy.cli.render import one_line, versioned, write
from gcp_deploy.errors import BadInstances, UsageError
from gcp_deploy.settings.model import Settings

_MOST_CHARACTERS = 256_000_000
"""Of rows: they are all in memory at once."""


def read_instances(source: str | None) -> list[Any]:
    """Read rows from the file *source*, or from stdin when it is ``-`` or None.

    Raises:
        UsageError: the file cannot be read, or nothing is given and stdin is a terminal.
        BadInstances: it is not UTF-8, not JSON, or no rows.
    """
    from gcp_deploy.client import instances_from_text

    return instances_from_text(_text(source))


def ask(
    settings: Settings,
    instances: Sequence[Any],
    *,
    version: str | None,
    timeout: timedelta,
    quiet: bool,
) -> None:
    """Ask the model of *settings*, or the only one there is, and show its predictions."""
    from gcp_deploy import wiring
    from gcp_deploy.client import PredictionClient

    seconds = timeout.total_seconds()
    with (
        wiring.platform_urls(settings) as reachable,
        PredictionClient(settings=reachable, timeout=seconds) as client,
    ):
        answer = client.predict(instances, version=version)
    body = {
        "predictions": list(answer.predictions),
        "model": answer.model,
        "version": answer.version,
        "deployed_model": answer.deployed_model,
    }
    if settings.output == "table" and answer.version and not quiet:
        sys.stderr.write(f"{one_line(answer.model)}@{one_line(answer.version)} answers\n")
    write(settings.output, versioned(body), [_line(one) for one in answer.predictions])


def _text(source: str | None) -> str:
    name = "stdin" if source in (None, "-") else str(source)
    try:
        if name != "stdin":
            with Path(name).open(encoding="utf-8-sig") as file:
                return _limited(file, name)
        if source is None and sys.stdin.isatty():
            raise UsageError("no instances are given", hint="--instances FILE, or '-' to type them")
        return _limited(sys.stdin, name)
    except UnicodeDecodeError as error:
        raise BadInstances(
            f"{name} is not UTF-8, at byte {error.start}", hint="JSON is written in UTF-8"
        ) from error
    except OSError as error:
        raise UsageError(
            f"{name} cannot be read: {error.strerror}", hint="--instances FILE, or '-' for stdin"
        ) from error


def _limited(file: TextIO, name: str) -> str:
    text = file.read(_MOST_CHARACTERS + 1)
    if len(text) > _MOST_CHARACTERS:
        raise BadInstances(
            f"{name} has more than {_MOST_CHARACTERS:,} characters", hint="ask in several commands"
        )
    return text


def _line(prediction: Any) -> str:
    """Write a text as it is, so that people read it, and everything else as JSON."""
    if isinstance(prediction, str):
        return one_line(prediction)
    return one_line(json.dumps(prediction, ensure_ascii=False))
