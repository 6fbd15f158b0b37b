"""What the commands take on the embedded platform: all in one process, and with it running."""

import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from scripts.benchmarks.embedded import running
from scripts.benchmarks.measuring import COMMAND, PYTHON, Row, Samples, run

SKLEARN = "import sklearn"
HELP = "--help"
STORY = {
    "deploy": ["deploy", "first.joblib", "--model", "wine"],
    "deploy second": ["deploy", "second.joblib", "--model", "wine"],
    "promote": ["promote", "--model", "wine"],
    "predict": ["predict", "--model", "wine", "--instances", "instances.json"],
    "rollback": ["rollback", "--model", "wine"],
}
GOALS = {"deploy": (SKLEARN, 3.0), "predict": (HELP, 2.0)}
"""With the platform running: yardstick, and at most how many times of it."""


def train(directory: Path) -> None:
    """Write the two artifacts and the instances of the demo."""
    run([PYTHON, str(Path(__file__).parents[1] / "train_demo.py"), str(directory)])


def tell_story(directory: Path, samples: Samples, suffix: str) -> None:
    """Run the commands once, in order, each timed."""
    for name, arguments in STORY.items():
        ran = run([COMMAND, *arguments], directory=directory)
        samples.add(f"{name}, {suffix}", ran.seconds)


def measure(repetitions: int) -> Iterator[Row]:
    """Time the story in a fresh state directory, cold and running in turn."""
    samples = Samples("commands", "s")
    for _ in range(repetitions):
        samples.add(SKLEARN, run([PYTHON, "-c", SKLEARN]).seconds)
        samples.add(HELP, run([COMMAND, HELP]).seconds)
        for suffix, platform in (("cold", nullcontext), ("running", running)):
            with tempfile.TemporaryDirectory() as folder:
                train(Path(folder))
                with platform(Path(folder)):
                    tell_story(Path(folder), samples, suffix)
    yield samples.row(SKLEARN)
    yield samples.row(HELP)
    for name in STORY:
        yield samples.row(f"{name}, cold", yardstick=SKLEARN)
        yardstick, limit = GOALS.get(name, (SKLEARN, None))
        yield samples.row(f"{name}, running", yardstick=yardstick, ratio_at_most=limit)
