"""What it costs to start: ``--help`` and the import of the client."""

from collections.abc import Iterator

from scripts.benchmarks.measuring import COMMAND, PYTHON, Row, Samples, run

TYPER = "import typer"
HTTP = "import urllib3, orjson"
CLIENT = "import gcp_deploy.client"
CASES = {
    TYPER: [PYTHON, "-c", TYPER],
    "--help": [COMMAND, "--help"],
    "--version": [COMMAND, "--version"],
    HTTP: [PYTHON, "-c", HTTP],
    CLIENT: [PYTHON, "-c", CLIENT],
}


def measure(repetitions: int) -> Iterator[Row]:
    """Time all cases in turn, so that a busy moment meets all of them."""
    seconds, memory = Samples("starting", "s"), Samples("starting", "MiB")
    for command in CASES.values():
        run(command)  # compiles what is not compiled yet
    for _ in range(repetitions):
        for name, command in CASES.items():
            ran = run(command)
            seconds.add(name, ran.seconds)
            memory.add(name, ran.peak_mib)
    yield seconds.row(TYPER)
    yield seconds.row("--help", yardstick=TYPER, ratio_at_most=2)
    yield seconds.row("--version", yardstick=TYPER, ratio_at_most=2)
    yield seconds.row(HTTP)
    yield seconds.row(CLIENT, yardstick=HTTP, ratio_at_most=1.3)
    yield memory.row(HTTP)
    yield memory.row(CLIENT, yardstick=HTTP)
    yield memory.row(CLIENT, at_most=40)
