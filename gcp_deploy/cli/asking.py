"""Predictions for ``predict``: through the client that applications use."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gcp_deploy.cli.documents import versioned
from gcp_deploy.cli.render import one_line, write
from gcp_deploy.domain import durations
from gcp_deploy.errors import BadInstances, UsageError
from gcp_deploy.settings.model import Settings


def read_instances(source: str | None) -> list[Any]:
    """Read rows from the file *source*, or from stdin.

    Raises UsageError when the file cannot be read or stdin is a terminal nobody types at.
    """
    from gcp_deploy.client import instances_from_text

    return list(instances_from_text(_text(source)))


def _text(source: str | None) -> str:
    try:
        if source not in (None, "-"):
            return Path(str(source)).read_text(encoding="utf-8-sig")
        if source is None and sys.stdin.isatty():
            raise UsageError("no instances", hint="--instances FILE, or '-' to type them")
        return sys.stdin.read()
    except OSError as error:
        raise UsageError(
            f"{source} cannot be read: {error.strerror}", hint="--instances FILE, or '-' for stdin"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInstances(
            f"{source or 'stdin'} is not UTF-8: byte {error.start}", hint="JSON is UTF-8"
        ) from error


def ask(
    settings: Settings, rows: Sequence[Any], *, version: str | None, timeout: str, quiet: bool
) -> None:
    """Ask, and show the predictions."""
    from gcp_deploy import wiring

    patience = durations.parse(timeout)
    del patience
    with wiring.platform_urls(settings) as reachable:
        answer = _answer(reachable, rows, version)
    document = versioned(
        {
            "predictions": list(answer.predictions),
            "model": answer.model,
            "version": answer.version,
            "deployed_model": answer.deployed_model,
        }
    )
    if settings.output == "table" and answer.version and not quiet:
        sys.stderr.write(f"{one_line(answer.model)}@{one_line(answer.version)} answers\n")
    write(settings.output, document, [_line(one) for one in answer.predictions])


def _answer(settings: Settings, rows: Sequence[Any], version: str | None) -> Any:
    raise NotImplementedError((settings, rows, version))


def _line(prediction: Any) -> str:
    """One JSON value a line, so that the table can be read by programs as well."""
    return json.dumps(prediction, ensure_ascii=False)
