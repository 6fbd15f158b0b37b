"""Errors become one or two lines on stderr and an exit code; only here."""

import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import typer

from gcp_deploy.cli.render import one_line
from gcp_deploy.errors import ArtifactError, ExitCode, GcpDeployError, StillRunning

_LONGEST = 300
_QUERY = re.compile(r"\?[^\s'\"]+")


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived: not an Exception, so that nothing on the way takes it for a fault."""


@contextmanager
def naming(artifact: str) -> Iterator[None]:
    """Let an error about what is inside the file *artifact* begin with its name."""
    try:
        yield
    except ArtifactError as error:
        error.message = f"{artifact}: {error.message}"
        raise


def tell(error: BaseException, *, debug: bool, stream: TextIO | None = None) -> ExitCode:
    """Say what happened in one line, what to type next in another; return the exit code.

    Only a message that lists several faults has more lines, one for each. With *debug*
    the traceback is shown first.
    """
    message, hint, code = _words(error)
    out = sys.stderr if stream is None else stream
    try:
        if debug:
            out.write(_without_queries("".join(traceback.format_exception(error))))
        out.write("error: " + "".join(f"{one_line(line)}\n" for line in message.split("\n")))
        if hint:
            out.write(f"hint: {one_line(hint)}\n")
        out.flush()
    except OSError:
        pass  # nobody reads stderr; the exit code still tells
    return code


def _words(error: BaseException) -> tuple[str, str, ExitCode]:
    match error:
        case StillRunning() if error.operation and error.operation not in error.hint:
            hint = f"gcp-deploy operations wait {error.operation}"
            return error.message, "; ".join(filter(None, (error.hint, hint))), error.exit_code
        case GcpDeployError():
            return error.message, error.hint, error.exit_code
        case typer.TyperException():
            return _usage(error)
        case Terminated():
            return *_stopped("terminated", error), ExitCode.TERMINATED
        case KeyboardInterrupt():
            return *_stopped("interrupted", error), ExitCode.INTERRUPTED
        case _:
            return _internal(error)


def _usage(error: typer.TyperException) -> tuple[str, str, ExitCode]:
    text = error.format_message().strip().rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "gcp-deploy"
    return text[:1].lower() + text[1:], f"{path} --help", ExitCode.USAGE


def _stopped(what: str, error: BaseException) -> tuple[str, str]:
    doing = "; ".join(getattr(error, "__notes__", ()))
    if not doing:
        return what, ""
    hint = "type the same command again: it goes on from there; gcp-deploy status shows where it is"
    return f"{what} during: {doing}", hint


def _internal(error: BaseException) -> tuple[str, str, ExitCode]:
    text = _without_queries(one_line(error))
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    message = f"internal error: {type(error).__name__}" + (f": {shown}" if shown.strip() else "")
    return message, "--debug shows the traceback; it is a fault of gcp-deploy", ExitCode.INTERNAL


def _without_queries(text: str) -> str:
    """Shorten the addresses in *text*: an upload session is a secret, and it is in the query."""
    return _QUERY.sub("?...", text)
