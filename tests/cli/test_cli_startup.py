"""Starting costs what Typer costs: nothing heavy is imported before it is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gcp_deploy import __version__
from gcp_deploy.cli.loading import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "asyncio",
    "google",
    "googleapiclient",
    "grpc",
    "joblib",
    "numpy",
    "orjson",
    "pandas",
    "pydantic",
    "requests",
    "rich",
    "sklearn",
    "sqlite3",
    "tenacity",
    "urllib3",
}


def imported(*arguments):
    """Run the command line in a fresh interpreter; return stdout, packages, our own modules."""
    script = (
        "import sys\n"
        "from gcp_deploy.cli.main import run\n"
        "try: run(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('|'.join({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "print('|'.join(name for name in sys.modules if 'gcp_deploy' in name), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    *_, packages, ours = done.stderr.splitlines()
    return done.stdout, set(packages.split("|")), set(ours.split("|"))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["undo"], ["deploy", "--help"]])
def test_nothing_heavy_is_imported(arguments):
    _, packages, _ = imported(*arguments)
    assert not packages & HEAVY


def test_options_are_parsed_without_pydantic():
    out, packages, _ = imported("init", "--output", "json", "--model", "churn")
    assert "gcp-deploy.toml" in out
    assert not packages & HEAVY


def test_version_is_the_packages():
    out, _, ours = imported("--version")
    assert out == f"gcp-deploy {__version__}\n"
    assert not {name for name in ours if name.startswith("gcp_deploy.cli.commands.")}


def test_help_imports_no_command():
    _, _, ours = imported("--help")
    assert not {f"gcp_deploy.cli.commands.{name}" for name in COMMANDS} & ours
