"""The reporter: stderr, one line per step with the verb of the plan, bars only on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TextIO

from gcp_deploy.cli.options import Shared
from gcp_deploy.cli.render import one_line
from gcp_deploy.ports import Progress

_VERB = 9


@dataclass(slots=True)
class _Lines:
    """Progress where there is no terminal: a line when the stage changes, none for bytes."""

    reporter: "Lines"
    text: str
    seen: str = ""

    def update(self, done: int, total: int) -> None:
        """Say nothing: a log is not made better by percentages."""

    def stage(self, text: str) -> None:
        """Say the stage when it is a new one."""
        if text != self.seen:
            self.seen = text
            self.reporter.say(f"{'':{_VERB}} {text}")


@dataclass(slots=True)
class _Bar:
    """Progress on a terminal, drawn by rich."""

    drawing: Any
    task: Any

    def update(self, done: int, total: int) -> None:
        """Move the bar."""
        self.drawing.update(self.task, completed=done, total=total)

    def stage(self, text: str) -> None:
        """Show the stage after the bar."""
        self.drawing.update(self.task, stage=one_line(text))


@dataclass(slots=True)
class Lines:
    """A reporter that writes to *stream*."""

    stream: TextIO
    quiet: bool = False
    terminal: bool = False
    doing: str = ""
    """The step that is being done."""
    _warned: set[str] = field(default_factory=set)

    def say(self, text: str, *, always: bool = False) -> None:
        """Write one line; a closed stderr is no reason to stop the work."""
        if always or not self.quiet:
            with suppress(OSError):
                self.stream.write(f"{one_line(text)}\n")
                self.stream.flush()

    def step(self, verb: str, text: str) -> None:
        """A step of the plan begins."""
        self.doing = f"{verb} {text}"
        self.say(f"{verb:{_VERB}} {text}")

    def note(self, text: str) -> None:
        """Say something worth knowing."""
        self.say(f"{'note':{_VERB}} {text}")

    def warn(self, text: str) -> None:
        """Say something that may go wrong later, once, also when quiet."""
        if text not in self._warned:
            self._warned.add(text)
            self.say(f"warning: {text}", always=True)

    @contextmanager
    def progress(self, text: str) -> Iterator[Progress]:
        """Show a long work while the context lasts."""
        if self.terminal and not self.quiet:
            with _drawing(text, self.stream) as bar:
                yield bar
        else:
            yield _Lines(self, text)


class Silent(Lines):
    """A reporter that says nothing, for shell completion."""

    def __init__(self) -> None:
        super().__init__(sys.stderr, quiet=True)

    def say(self, text: str, *, always: bool = False) -> None:
        """Say nothing."""


def reporter_for(shared: Shared) -> Lines:
    """Return the reporter that the options ask for."""
    return Lines(sys.stderr, quiet=shared.quiet, terminal=sys.stderr.isatty())


@contextmanager
def _drawing(text: str, stream: TextIO) -> Iterator[_Bar]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Drawing

    columns = (
        TextColumn(f"{'':{_VERB}} {{task.description}}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(binary_units=True),
        TimeElapsedColumn(),
        TextColumn("{task.fields[stage]}", markup=False),
    )
    console = Console(file=stream, markup=False, highlight=False)
    with Drawing(*columns, console=console, transient=True) as drawing:
        yield _Bar(drawing, drawing.add_task(one_line(text), total=None, stage=""))
