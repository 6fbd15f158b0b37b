"""Measure the budgets: python -m scripts.benchmarks."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gcp_deploy import __version__
from scripts.benchmarks import calls, commands, starting, uploading
from scripts.benchmarks.measuring import Row

PARTS = {
    "starting": starting.measure,
    "commands": commands.measure,
    "calls": calls.measure,
    "upload": uploading.measure,
}
HEADINGS = ("part", "what", "median", "", "from - to", "against", "ratio", "goal", "")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure the budgets: medians of interleaved repetitions, and ratios to a "
        "yardstick of the same run. Absolute values depend on the machine, ratios hardly.",
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all when none is given"
    )
    parser.add_argument("-n", "--repetitions", type=int, default=5, help="rounds (5)")
    parser.add_argument("-o", "--output", type=Path, help="also write the results there, as JSON")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    for part in arguments.parts:
        if part not in PARTS:
            parser.error(f"no part {part!r}; there are: {', '.join(PARTS)}")
    if arguments.repetitions < 1:
        parser.error("at least one repetition")
    return arguments


def cells(row: Row) -> tuple[str, ...]:
    """Return what a line of the table shows of *row*."""
    met = {None: "", True: "met", False: "MISSED"}[row.met]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
    span = f"{row.low:.3g} - {row.high:.3g}"
    value = f"{row.median:.3g}" if row.median < 1000 else f"{row.median:.0f}"
    return (row.part, row.name, value, row.unit, span, row.yardstick, ratio, row.goal, met)


def table(rows: Sequence[Row]) -> str:
    """Return *rows* in columns."""
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def main() -> None:
    """Measure the parts asked for, then print and write the results."""
    arguments = parse()
    rows: list[Row] = []
    for part in arguments.parts or PARTS:
        print(f"measuring: {part}", file=sys.stderr, flush=True)
        rows += PARTS[part](arguments.repetitions)
    result = {
        "schema_version": 1,
        "version": __version__,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "rows": [asdict(row) for row in rows],
    }
    text = json.dumps(result, indent=1) + "\n"
    if arguments.output:
        arguments.output.write_text(text)
    print(text if arguments.json else table(rows))


if __name__ == "__main__":
    main()
