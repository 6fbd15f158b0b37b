"""The wheel has everything that runs, and nothing else."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import gcp_deploy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_has_every_file_of_the_package(wheel):
    ours = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "gcp_deploy").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info")}
    assert packed == ours
    assert "gcp_deploy/py.typed" in packed


def test_the_wheel_has_the_licence_and_the_command(wheel):
    names = wheel.namelist()
    info = next(name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
    assert "Apache License" in wheel.read(f"{info}/licenses/LICENSE").decode()
    assert (
        "gcp-deploy = gcp_deploy.cli.main:main" in wheel.read(f"{info}/entry_points.txt").decode()
    )
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert f"Version: {gcp_deploy.__version__}" in metadata
    assert "License-Expression: Apache-2.0" in metadata


def test_the_changelog_begins_with_this_version():
    versions = re.findall(
        r"^## \[?(\d\S*?)\]?(?: |$)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert versions[0] == gcp_deploy.__version__
    assert len(versions) == len(set(versions))
