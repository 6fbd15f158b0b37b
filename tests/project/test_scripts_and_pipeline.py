"""Scripts can be started, and the pipelines call nothing that is not there."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SHELL = sorted(
    path
    for path in [*(ROOT / "scripts").iterdir(), ROOT / ".ci/run"]
    if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash")
)
BUILD = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_shell_script_can_be_started_and_stops_at_the_first_fault(path):
    assert os.access(path, os.X_OK)
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", path], check=True)


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_scripts_that_are_called_exist(path):
    called = set(re.findall(r"(?<![\w./])scripts/[\w./]+", path.read_text()))
    assert {name for name in called if not (ROOT / name.rstrip(".")).exists()} == set()


@pytest.mark.parametrize("name", ["setup", "check", "test", "demo", "bench", "readme"])
def test_the_scripts_that_everybody_knows_are_there(name):
    assert ROOT / "scripts" / name in SHELL


def test_the_last_words_of_ci_are_those_of_the_tests():
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines[-1].startswith("scripts/test")


def requirements(*groups):
    return subprocess.run(
        [sys.executable, ROOT / "scripts/requirements.py", *groups],
        capture_output=True,
        text=True,
        check=False,
    )


def test_requirements_of_a_group_include_those_of_its_parts():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    digest, *lines = requirements("dev").stdout.splitlines()
    assert digest.startswith("# ")
    assert lines == sorted({*groups["test"], *groups["lint"]})


def test_an_unknown_group_is_named_with_those_there_are():
    done = requirements("tests")
    assert done.returncode == 1
    assert "'tests'" in done.stderr
    assert "lint" in done.stderr


def test_build_steps_have_no_logic_of_their_own():
    shells = {"bash", "sh", "/bin/bash", "/bin/sh"}
    for step in BUILD["steps"]:
        assert step["id"]
        assert step["entrypoint"] not in shells
        assert "script" not in step


def test_build_steps_come_in_order_and_start_what_is_there():
    assert [step["id"] for step in BUILD["steps"]] == [
        "setup",
        "check",
        "test",
        "fetch",
        "plan",
        "deploy",
    ]
    ours = [step["entrypoint"] for step in BUILD["steps"] if "scripts/" in step["entrypoint"]]
    assert all(os.access(ROOT / name, os.X_OK) for name in ours)


def test_build_uses_the_substitutions_it_declares():
    used = set(re.findall(r"\$(_[A-Z]+)", str(BUILD["steps"])))
    assert used == set(BUILD["substitutions"])


def test_the_log_reader_stands_on_the_standard_library_alone():
    tree = ast.parse((ROOT / "scripts/read_log.py").read_text())
    imported = {
        (node.module or "").split(".")[0]
        if isinstance(node, ast.ImportFrom)
        else node.names[0].name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= sys.stdlib_module_names
