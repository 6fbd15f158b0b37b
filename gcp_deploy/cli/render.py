"""Results go to stdout: a table for people, or one JSON document for programs."""

import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from gcp_deploy.errors import GcpDeployError

SCHEMA_VERSION = 1


def one_line(text: object) -> str:
    """Return *text* on one line and without control characters, so that nobody's words draw."""
    return "".join(one if one.isprintable() else " " for one in str(text)).rstrip()


def columns(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return lines of aligned columns; one of numbers is aligned to the right by its head's ``>``.

    >>> columns(["NAME", ">SIZE"], [["a", 10], ["bc", 9]])
    ['NAME  SIZE', 'a       10', 'bc       9']
    """
    table = [[one_line(cell) for cell in row] for row in rows]
    names = [name.removeprefix(">") for name in head]
    widths = [max(map(len, column)) for column in zip(names, *table, strict=True)]
    lines = []
    for row in [names, *table]:
        cells = [
            cell.rjust(width) if name.startswith(">") else cell.ljust(width)
            for name, cell, width in zip(head, row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def versioned(body: dict[str, Any]) -> dict[str, Any]:
    """Return *body* with the version of its schema in front."""
    return {"schema_version": SCHEMA_VERSION, **body}


def write(output: str, document: dict[str, Any], lines: Sequence[str]) -> None:
    """Write *document* as JSON, or *lines*, to stdout."""
    if output == "json":
        text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    else:
        text = "\n".join(lines)
    emit(f"{text}\n")


def emit(text: str) -> None:
    """Write *text* to stdout, now.

    A reader that has enough raises BrokenPipeError; a full disk is told. What the command did is
    done in both cases.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        forget_stdout()
        raise _unwritable(error.strerror) from error


class Closed(io.StringIO):
    """Stands for a stdout that was closed before we began: who wants no result says /dev/null.

    It keeps the place of stdout taken, so that no connection is opened there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.place = os.open(os.devnull, os.O_WRONLY)

    def write(self, text: str, /) -> int:
        """Tell that nobody can read *text*."""
        del text
        raise _unwritable("it is closed")


def _unwritable(why: str | None) -> GcpDeployError:
    return GcpDeployError(
        f"the result cannot be written to stdout: {why}",
        hint="what the command did is done; type it again to see the result",
    )


def forget_stdout() -> None:
    """Let the interpreter's own flush at the end succeed, wherever stdout led to."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
