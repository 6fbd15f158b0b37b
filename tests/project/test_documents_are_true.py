"""README and the other documents say what the code says."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from gcp_deploy.cli.main import app
from gcp_deploy.errors import ExitCode
from gcp_deploy.settings.example import table
from scripts.run_markdown import blocks

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def commands():
    """Every command by its words, with its options."""
    found = {}

    def walk(words, command):
        context = typer.Context(command, info_name=" ".join(words))
        options = {name for one in command.get_params(context) for name in one.opts}
        found[words] = options | {
            name for one in command.get_params(context) for name in one.secondary_opts
        }
        for name in getattr(command, "list_commands", lambda _: ())(context):
            walk((*words, name), command.get_command(context, name))

    walk((), typer.main.get_command(app))
    return found


def typed():
    """Every use of the command line in the README's blocks, as words."""
    for block in blocks(README):
        if block.language in {"sh", "bash"}:
            for line in block.body.splitlines():
                _, name, rest = line.partition("gcp-deploy ")
                if name and not line.startswith("#"):
                    yield block.line, shlex.split(re.split(r"\s(?:[|;]|>\S)", rest)[0])


@pytest.mark.parametrize(("line", "words"), list(typed()), ids=str)
def test_readme_types_only_commands_and_options_there_are(line, words):
    known = commands()
    name = tuple(words[:2]) if tuple(words[:2]) in known else tuple(words[:1])
    assert name in known
    assert {word for word in words if word.startswith("--")} <= known[name]


def test_readme_names_every_command():
    leaves = [name for name in commands() if name and name not in {("local",), ("operations",)}]
    missing = [" ".join(name) for name in leaves if f"gcp-deploy {' '.join(name)}" not in README]
    assert missing == []


def test_the_table_of_exit_codes_has_each_code_once():
    rows = re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)
    assert [int(code) for code in rows] == [int(code) for code in ExitCode]


def test_the_table_of_settings_is_that_of_the_schema():
    assert table() in README


def test_files_that_documents_speak_of_are_there():
    named = set(re.findall(r"`((?:gcp_deploy|scripts|tests|\.ci)/[\w./]*)`", README + CONTRIBUTING))
    named |= {
        f"gcp_deploy/{name}"
        for name in re.findall(r"`((?:cli|app|domain|settings)/[\w./]*)`", CONTRIBUTING)
    }
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_map_of_rooms_shows_all_of_them():
    map_of_rooms = next(block.body for block in blocks(CONTRIBUTING) if block.language == "text")
    shown = {line.split()[0] for line in map_of_rooms.splitlines()}
    rooms = {
        path.name
        for path in (ROOT / "gcp_deploy").iterdir()
        if (path.is_dir() or path.suffix == ".py") and not path.name.startswith("__")
    }
    assert shown == rooms
