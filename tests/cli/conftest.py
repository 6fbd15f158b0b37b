"""The command line in this process: its use cases replaced, its streams caught."""

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module, resources
from types import ModuleType, SimpleNamespace
from typing import Any

import jsonschema
import pytest

import gcp_deploy
from gcp_deploy.cli.main import run

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Wiring:
    """Stands for ``gcp_deploy.wiring``: remembers what it was given."""

    settings: Any = None
    timeout: Any = None
    reporter: Any = None
    request: dict[str, Any] = field(default_factory=dict)
    context: Any = field(
        default_factory=lambda: SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW))
    )

    @contextmanager
    def connect(self, settings, *, reporter, timeout):
        self.settings, self.reporter, self.timeout = settings, reporter, timeout
        self.context.reporter = reporter
        yield self.context

    def deploy_request(self, settings, **wish):
        self.settings = settings
        self.request = wish
        return SimpleNamespace(**wish)

    @contextmanager
    def platform_urls(self, settings):
        self.settings = settings
        yield settings


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """An empty directory, and no variable that a setting could come from."""
    for name in list(os.environ):
        if name.startswith(("GCP_DEPLOY_", "GOOGLE_", "CLOUDSDK_", "STORAGE_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(capsys):
    """Run the command line with arguments; return exit code, stdout and stderr."""

    def call(*arguments):
        capsys.readouterr()
        code: Any
        try:
            code = run(list(arguments))
        except SystemExit as leave:
            code = leave.code
        caught = capsys.readouterr()
        return Done(int(code or 0), caught.out, caught.err)

    return call


@pytest.fixture
def wiring(monkeypatch):
    """A connection to nothing."""
    fake = Wiring()
    module = ModuleType("gcp_deploy.wiring")
    module.__dict__.update(
        connect=fake.connect,
        deploy_request=fake.deploy_request,
        platform_urls=fake.platform_urls,
    )
    monkeypatch.setitem(sys.modules, "gcp_deploy.wiring", module)
    monkeypatch.setattr(gcp_deploy, "wiring", module, raising=False)
    return fake


@pytest.fixture
def use_case(monkeypatch, wiring):
    """Let a use case return an outcome or raise an error; return the list of its calls."""

    def replace(path, result):
        calls = []

        def fake(context, *arguments, **named):
            calls.append((arguments, named))
            if isinstance(result, BaseException):
                raise result
            return result

        module, _, name = path.rpartition(".")
        monkeypatch.setattr(import_module(f"gcp_deploy.{module}"), name, fake)
        return calls

    return replace


@pytest.fixture
def obeys():
    """Check a document against a schema of the package, and that the schema knows every field."""

    def check(document, name):
        text = (resources.files("gcp_deploy.cli") / "schemas" / f"{name}.json").read_text()
        schema = json.loads(text)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(
            document,
            schema,
            cls=jsonschema.Draft202012Validator,
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        )
        assert set(document) <= set(schema["properties"])

    return check
