"""Run the commands of a Markdown file and compare their output: run_markdown.py FILE.

A comment on the line above a fenced block says what the block is:

    (none, ``sh`` block)      run it; it has to end with 0
    <!-- not run: WHY -->     leave it alone
    <!-- file: NAME -->       the reader saves it as NAME
    <!-- output -->           the block above it said this: lines of text in this order, with "…"
                              for anything, or JSON that has at least these members

All blocks run in one empty directory, one shell each, with the environment's commands on the PATH
and without settings or accounts of whoever runs this.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLOCK = re.compile(
    r"^(?:<!-- *(?P<note>[^\n]*?) *-->\n)?```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ANYTHING = "…"
PRIVATE = ("GCP_DEPLOY_", "GOOGLE_", "CLOUDSDK_", "STORAGE_EMULATOR_HOST")
LIMIT_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block, and the comment above it."""

    line: int
    note: str
    language: str
    body: str


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of *text*, in order."""
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("language")) + 1
        yield Block(line, found["note"] or "", found["language"], found["body"])


def missing_line(expected: str, said: str) -> str | None:
    """Return the first line of *expected* that does not follow in *said*, if there is one."""
    rest = iter(said.splitlines())
    for line in expected.splitlines():
        parts = [r"\s+".join(map(re.escape, part.split())) for part in line.split(ANYTHING)]
        pattern = re.compile(r"\s*" + r"\s*.*?\s*".join(parts) + r"\s*")
        if not any(pattern.fullmatch(candidate) for candidate in rest):
            return line
    return None


def has(expected: Any, value: Any) -> bool:
    """Tell whether the JSON *value* has at least what *expected* has."""
    if isinstance(expected, dict) and isinstance(value, dict):
        return all(key in value and has(item, value[key]) for key, item in expected.items())
    if isinstance(expected, list) and isinstance(value, list):
        return len(expected) == len(value) and all(map(has, expected, value))
    if isinstance(expected, str) and isinstance(value, str) and ANYTHING in expected:
        return missing_line(expected, value) is None
    return type(expected) is type(value) and bool(expected == value)


def differs(block: Block, ran: subprocess.CompletedProcess[str]) -> str:
    """Return how the output of a command differs from the *block* that shows it."""
    if block.language != "json":
        line = missing_line(block.body, ran.stdout + ran.stderr)
        return "" if line is None else f"this line was not said: {line}"
    try:
        return "" if has(json.loads(block.body), json.loads(ran.stdout)) else "other JSON was said"
    except ValueError as error:
        return f"not JSON: {error}"


def environment(home: Path) -> dict[str, str]:
    """Return what a newcomer's shell has, with this environment's commands first."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PRIVATE)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return inherited | {"PATH": path, "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "120"}


def run(script: str, directory: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the commands of one block."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - the bash of whoever runs this
        cwd=directory,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def play(name: str, text: str, directory: Path, home: Path) -> int:
    """Go through the blocks of *text*; return how many ran, or exit at the first that differs."""
    ran = None
    count = 0
    for block in blocks(text):
        if block.note.startswith("file:"):
            (directory / block.note.removeprefix("file:").strip()).write_text(block.body)
        elif block.note == "output":
            if ran is None:
                sys.exit(f"{name}:{block.line}: output of nothing")
            if fault := differs(block, ran):
                sys.exit(f"{name}:{block.line}: {fault}\n{ran.stdout}{ran.stderr}")
        elif block.language == "sh" and not block.note.startswith("not run:"):
            ran = run(block.body, directory, home)
            count += 1
            if ran.returncode:
                sys.exit(
                    f"{name}:{block.line}: ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
                )
    return count


def main() -> None:
    """Play the file named on the command line."""
    path = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as directory:
        try:
            count = play(path.name, path.read_text(), Path(directory), Path(home))
        finally:  # a block that stopped half-way may have left the platform running
            run("gcp-deploy local down || true", Path(directory), Path(home))
    print(f"{path.name}: {count} blocks of commands ran and said what is written")


if __name__ == "__main__":
    main()
