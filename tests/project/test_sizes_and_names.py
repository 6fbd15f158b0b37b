"""Files stay a screenful of ideas, and are named for what is in them."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = sorted((ROOT / "gcp_deploy").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
SCRIPTS = sorted((ROOT / "scripts").rglob("*.py"))
MODULE_LINES = 300
FUNCTION_LINES = 60
SAYS_NOTHING = {"utils", "util", "common", "helpers", "helper", "misc", "core", "base"}


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PACKAGE, ids=named)
def test_module_and_its_functions_are_short(path):
    text = path.read_text()
    assert len(text.splitlines()) <= MODULE_LINES
    long = {
        node.name: lines
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    }
    assert not long


@pytest.mark.parametrize("path", [*PACKAGE, *SCRIPTS, *TESTS], ids=named)
def test_file_name_is_lower_case_and_says_something(path):
    assert re.fullmatch(r"[a-z][a-z0-9_]*|__(init|main)__", path.stem)
    assert path.stem not in SAYS_NOTHING


@pytest.mark.parametrize("folder", sorted({path.parent for path in PACKAGE}), ids=named)
def test_every_room_tells_what_it_is_for(folder):
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))


def test_test_files_have_names_of_their_own():
    names = [path.name for path in TESTS if path.name != "conftest.py"]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", [*PACKAGE, *SCRIPTS], ids=named)
def test_nothing_is_left_for_later(path):
    assert not re.search(
        r"\b(TODO|FIXME|XXX|HACK)\b|pragma: no cover|type: ignore(?!\[)", path.read_text()
    )
