"""The entry point of ``gcp-deploy``."""

import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from gcp_deploy import __version__
from gcp_deploy.cli.command import WIDTH, take_as_typed
from gcp_deploy.cli.failures import Terminated, tell
from gcp_deploy.cli.loading import LazyGroup
from gcp_deploy.cli.render import Closed, emit, forget_stdout
from gcp_deploy.errors import ExitCode

PROGRAM = "gcp-deploy"
COMPLETE = "_GCP_DEPLOY_COMPLETE"
EXAMPLES = """
gcp-deploy deploy model.joblib --model churn
gcp-deploy promote 2 --model churn
gcp-deploy status --output json
"""
app = typer.Typer(cls=LazyGroup, rich_markup_mode=None, context_settings=dict(WIDTH))


def _show_version(value: bool) -> None:  # noqa: FBT001  (Typer calls it so)
    if value:
        emit(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=EXAMPLES)
def root(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """From a fitted scikit-learn pipeline to a served, verified version on Google Cloud.

    Without a target everything runs on the embedded platform of this machine. Options stand
    after the command; 'gcp-deploy COMMAND --help' shows them, with examples.
    """
    del version
    if context.invoked_subcommand is None:
        sys.stderr.write(f"{context.get_help()}\n")
        raise typer.Exit(ExitCode.USAGE)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _mend_streams()
    with _terminable():
        code = run(arguments)
    sys.exit(code)


def _mend_streams() -> None:
    """Let every character be written, also in an ASCII locale, and closed streams be written to."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None and name == "stdout":
            sys.stdout = Closed()
        elif stream is None:
            sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; errors are told on stderr."""
    debug = "--debug" in arguments
    try:
        with _logging() if debug else nullcontext():
            code = _invoke(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the result had enough; what the command did is done.
        forget_stdout()
        return ExitCode.DONE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (told, not hidden)
        return tell(error, debug=debug)
    return code


def _invoke(arguments: list[str]) -> int:
    """Do what Typer's own main does, but leave every error to :func:`run`."""
    command: Any = typer.main.get_command(app)
    take_as_typed(command.params)
    if COMPLETE in os.environ:  # noqa: TID251  (the shell asks for completions this way)
        command.main(arguments, prog_name=PROGRAM, complete_var=COMPLETE)
    try:
        with command.make_context(PROGRAM, arguments) as context:
            command.invoke(context)
    except typer.Exit as leave:
        return leave.exit_code
    return ExitCode.DONE


@contextmanager
def _logging() -> Iterator[None]:
    """Show on stderr what is logged under ``gcp_deploy``, while the command lasts."""
    import logging

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    logger = logging.getLogger("gcp_deploy")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does: with what is open closed, what is held freed."""

    def terminate(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    main()
