"""The example, the docs table and the schema are one."""

import subprocess
import sys
import tomllib
from dataclasses import fields

from gcp_deploy.settings import Settings, example, load, table
from gcp_deploy.settings.schema import ENDPOINTS, TARGET, TOP


def uncommented():
    lines = example().splitlines()
    return "\n".join(line[1:] if line[:1] == "#" and line[1:2] != " " else "" for line in lines)


def test_the_example_is_commented_throughout():
    assert all(line.startswith("#") for line in example().splitlines() if line)


def test_the_example_loads_when_commented_and_uncommented(tmp_path):
    path = tmp_path / "gcp-deploy.toml"
    path.write_text(example())
    assert load(flags={}, environ={}, cwd=tmp_path).target == "local"
    path.write_text(uncommented())
    for target, platform in [("prod", "aiplatform"), ("local", "local"), ("legacy", "ml-engine")]:
        flags = {"target": target, "project": "my-project", "region": "us-central1"}
        settings = load(flags=flags | {"bucket": "my-bucket"}, environ={}, cwd=tmp_path)
        assert settings.platform == platform
        assert settings.model == "churn"


def test_the_example_holds_exactly_the_keys_of_the_schema():
    content = tomllib.loads(uncommented())
    targets = content.pop("targets")
    endpoints = targets["legacy"].pop("endpoints")
    assert set(content) == {key.name for key in TOP}
    assert {name for one in targets.values() for name in one} == {key.name for key in TARGET}
    assert set(endpoints) == {key.name for key in ENDPOINTS}


def test_every_key_is_explained_in_the_example_and_in_the_table():
    words = " ".join(example().replace("\n# ", " ").split())
    for key in (*TOP, *TARGET, *ENDPOINTS):
        assert key.doc in words
        assert key.doc in table()
        assert f"{key.name}` |" in table()
        assert key.own_variables[0] in table()


def test_every_key_reaches_the_settings():
    ours = {one.name for one in fields(Settings)}
    named = {"impersonate_service_account": "impersonate"}
    assert {named.get(key.name, key.name) for key in (*TOP, *TARGET)} <= ours


def test_the_import_is_light():
    code = (
        "import sys; import gcp_deploy.settings.environment as e; e.load_here();"
        "heavy = {'requests', 'urllib3', 'google', 'typer', 'numpy', 'json.tool', 'subprocess'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
