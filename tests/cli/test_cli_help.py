"""Every --help teaches by example, and the examples are right."""

import shlex
from typing import Any

import pytest
import typer

from gcp_deploy.cli.command import Command
from gcp_deploy.cli.loading import COMMANDS, SYNONYMS
from gcp_deploy.cli.main import EXAMPLES, app
from gcp_deploy.cli.options import PANEL

ROOT: Any = typer.main.get_command(app)
CONTEXT = typer.Context(ROOT, info_name="gcp-deploy")


def leaves():
    for name in COMMANDS:
        found = ROOT.get_command(CONTEXT, name)
        below = {} if isinstance(found, Command) else found.commands
        yield from ((f"{name} {sub}", one) for sub, one in below.items())
        if not below:
            yield name, found


LEAVES = dict(leaves())
SHARED = (
    "--target",
    "--project",
    "--region",
    "--bucket",
    "--model",
    "--platform",
    "--state",
    "--impersonate-service-account",
    "--output",
    "--quiet",
    "--debug",
)


def test_help_of_the_program_lists_every_command(cli):
    out = cli("--help").out
    for name, text in COMMANDS.items():
        assert f"  {name} " in out
        assert text in out


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_the_name_of_its_module(name):
    assert ROOT.get_command(CONTEXT, name).name == name


@pytest.mark.parametrize("name", LEAVES)
def test_help_has_one_to_three_examples_of_the_command(name, cli):
    done = cli(*name.split(), "--help")
    assert (done.code, done.err) == (0, "")
    examples = done.out.split("Examples:\n")[1].splitlines()
    assert 1 <= len(examples) <= 3
    assert all(line.split(" | ")[-1].strip().startswith(f"gcp-deploy {name}") for line in examples)


@pytest.mark.parametrize("name", LEAVES)
def test_help_lists_the_shared_options_apart(name, cli):
    own, _, shared = cli(*name.split(), "--help").out.partition(f"{PANEL}:\n")
    for option in SHARED:
        assert f"{option} " in shared
        assert f" {option} " not in own.replace("\n", " \n").partition("Options:")[2]


@pytest.mark.parametrize("name", LEAVES)
def test_help_begins_with_a_sentence(name):
    assert LEAVES[name].help.split("\n")[0].rstrip(".").count(" ") >= 3


def every_example():
    texts = [EXAMPLES, *(one.epilog for one in LEAVES.values())]
    return sorted({line.strip() for text in texts for line in text.strip().splitlines()})


@pytest.mark.parametrize("line", every_example())
def test_example_can_be_parsed(line):
    program, name, *arguments = shlex.split(line.split(" | ")[-1])
    if name not in LEAVES:
        name = f"{name} {arguments.pop(0)}"
    assert program == "gcp-deploy"
    with LEAVES[name].make_context(name, arguments) as context:
        assert context.args == []


@pytest.mark.parametrize("word", SYNONYMS)
def test_synonym_points_to_a_command_and_is_none(word):
    target = SYNONYMS[word].split()[0]
    assert target in COMMANDS or target.startswith("--")
    assert word not in COMMANDS


@pytest.mark.parametrize("word", ["publish", "push", "release", "revert", "undo"])
def test_words_that_are_not_ours_are_known_as_synonyms(word):
    assert word in SYNONYMS
