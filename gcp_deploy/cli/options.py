"""The options that every command accepts, and how a command is given them."""

import functools
import inspect
import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_type_hints

import typer

from gcp_deploy.cli import completion

PANEL = "Shared options"


def _option(*names: str, metavar: str, text: str, complete: Any = None) -> Any:
    return typer.Option(
        *names, metavar=metavar, help=text, autocompletion=complete, rich_help_panel=PANEL
    )


def _flag(*names: str, text: str) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=PANEL)


@dataclass(frozen=True, slots=True)
class Shared:
    """What every command accepts. None means: as the settings say."""

    target: Annotated[
        str | None,
        _option(
            "--target",
            metavar="NAME",
            text="A target of the settings file; without one, this machine.",
            complete=completion.targets,
        ),
    ] = None
    model: Annotated[
        str | None,
        _option(
            "--model",
            "-m",
            metavar="NAME",
            text="The model. Default: the only one there is; for deploy, the file's name.",
            complete=completion.models,
        ),
    ] = None
    platform: Annotated[
        str | None,
        _option("--platform", metavar="NAME", text="local, aiplatform or ml-engine."),
    ] = None
    protocol: Annotated[
        str | None,
        _option("--protocol", metavar="NAME", text="On local: aiplatform or ml-engine."),
    ] = None
    project: Annotated[
        str | None, _option("--project", metavar="ID", text="The Google Cloud project.")
    ] = None
    region: Annotated[
        str | None, _option("--region", metavar="NAME", text="The region, such as europe-west4.")
    ] = None
    bucket: Annotated[
        str | None, _option("--bucket", metavar="NAME", text="The bucket of artifacts and log.")
    ] = None
    state: Annotated[
        str | None,
        _option("--state", metavar="DIR", text="The state directory of the embedded platform."),
    ] = None
    impersonate_service_account: Annotated[
        str | None,
        _option(
            "--impersonate-service-account",
            metavar="EMAIL",
            text="Act as this service account.",
        ),
    ] = None
    output: Annotated[
        str | None,
        _option("--output", "-o", metavar="table|json", text="How the result is written."),
    ] = None
    quiet: Annotated[
        bool, _flag("--quiet", "-q", text="Say nothing on stderr but warnings and errors.")
    ] = False
    debug: Annotated[
        bool, _flag("--debug", text="Log what is done, and show the traceback of an error.")
    ] = False

    def flags(self) -> dict[str, object]:
        """Return what was given, by the names of the settings."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: value
            for name, value in given.items()
            if value is not None and name not in {"quiet", "debug"}
        }

    def again(self) -> str:
        """Return what was typed to reach the target, to be typed again in the next command."""
        words = [
            f" --{name.replace('_', '-')} {shlex.quote(str(value))}"
            for name, value in self.flags().items()
            if name not in {"model", "output"}
        ]
        return "".join(words)


def with_shared(function: Callable[..., None]) -> Callable[..., None]:
    """Return *function*, whose first parameter is a Shared, with an option for each field instead.

    Typer reads a command's parameters from its signature; so the options stand in it, once for all.
    """
    hints = get_type_hints(Shared, include_extras=True)
    shared = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=hints[one.name],
        )
        for one in fields(Shared)
    ]
    first, *own = inspect.signature(function, eval_str=True).parameters.values()
    assert first.annotation is Shared, function

    @functools.wraps(function)
    def command(**values: Any) -> None:
        taken = {one.name: values.pop(one.name) for one in shared}
        function(Shared(**taken), **values)

    keyword_only = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    command.__signature__ = inspect.Signature([*keyword_only, *shared])  # type: ignore[attr-defined]
    return command
