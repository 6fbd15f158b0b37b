"""The parser of one command: plain help with examples, and values taken as typed.

Typer has every value checked by pydantic, whose import costs more than Typer itself. Our values
are texts that ``settings`` and ``domain`` check, with messages of their own; so nothing is left
for pydantic to do, and it is not asked.
"""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from gcp_deploy.cli.options import PANEL, with_shared

WIDTH = {"max_content_width": 100}


class _AsTyped:
    """Typer's coercion of a value, for a parameter whose value is a text."""

    def coerce(self, value: Any, param: Any, ctx: typer.Context) -> Any:
        """Return *value* as it was typed; of an option that may be repeated, all of them."""
        del ctx
        several = param.multiple or param.nargs == -1
        return () if value is None and several else value


class _TextOption(TyperOption):
    def get_runtime_param(self) -> Any:
        return _AsTyped()


class _TextArgument(TyperArgument):
    def get_runtime_param(self) -> Any:
        return _AsTyped()

    def display_type_rich(self, ctx: Any) -> str | None:
        """Leave "<str>" out of the help: every argument is a text."""
        del ctx
        return None


def take_as_typed(params: list[Any]) -> None:
    """Make the parameters that Typer built from a signature take texts as they are typed.

    Typer has no hook for the class of a parameter, so it is changed after the fact; the two
    differ in one method and in no attribute.
    """
    for one in params:
        if type(one) is TyperOption:
            one.__class__ = _TextOption
        elif type(one) is TyperArgument:
            one.__class__ = _TextArgument


def write_examples(examples: str | None, formatter: Any) -> None:
    """Write one example a line, unwrapped, so that each can be copied."""
    with formatter.section("Examples"):
        for line in (examples or "").strip().splitlines():
            formatter.write(f"  {line.strip()}\n")


class Command(TyperCommand):
    """A command whose help lists its own options first, then the shared ones, then examples."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help``, which Typer makes later than the others."""
        return _as_typed(super().get_help_option(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, options and shared options, each under its heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for one in self.get_params(ctx):
            record = one.get_help_record(ctx)
            if record is not None:
                sections.setdefault(_section(one), []).append(record)
        for name in ("Arguments", "Options", PANEL):
            if name in sections:
                with formatter.section(name):
                    formatter.write_dl(sections[name])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        del ctx
        write_examples(self.epilog, formatter)


class Group(TyperGroup):
    """A command that has commands below it."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help``, which Typer makes later than the others."""
        return _as_typed(super().get_help_option(ctx))


def _as_typed(option: Any) -> Any:
    take_as_typed([option])
    return option


def _section(param: Any) -> str:
    if isinstance(param, TyperArgument):
        return "Arguments"
    return getattr(param, "rich_help_panel", None) or "Options"


def command(name: str, *, examples: str) -> Callable[[Callable[..., None]], Any]:
    """Return a decorator that makes a function with a Shared into the command *name*.

    *examples* has one command line a line; the docstring is the help.
    """

    def build(function: Callable[..., None]) -> Any:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, cls=Command, epilog=examples, context_settings=dict(WIDTH))(
            with_shared(function)
        )
        built = get_command(app)
        take_as_typed(built.params)
        return built

    return build


def group(name: str, text: str, *commands: Any) -> Group:
    """Return the command *name* that has *commands* below it."""
    return Group(
        name=name,
        help=text,
        commands={one.name: one for one in commands},
        context_settings=dict(WIDTH),
        rich_markup_mode=None,
    )
