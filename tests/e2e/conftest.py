"""The real command line, as a subprocess, on the embedded platform with real models."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import pytest

from tests.e2e.proxy import Proxy

ROOT = Path(__file__).parents[2]
START = (
    "import sys; from gcp_deploy.cli.main import main; sys.argv[0] = 'gcp-deploy'; sys.exit(main())"
)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote to stdout, which must be JSON alone."""
        return json.loads(self.out)


@dataclass
class CommandLine:
    """Runs commands in a folder of their own, with an environment that has nothing of ours."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command, and return it running."""
        keep = {
            key: os.environ[key]
            for key in ("PATH", "LANG", "OPENBLAS_CORETYPE")
            if key in os.environ
        }
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        environ = {
            **keep,
            "HOME": str(home),
            "USER": "ada",
            "PYTHONPATH": str(ROOT),
            "NO_GCE_CHECK": "true",
            **self.environ,
        }
        return subprocess.Popen(
            [sys.executable, "-c", START, *words],
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *words: str, code: int | None = 0) -> Done:
        """Run a command to its end; *code* is what it must end with, None when anything goes."""
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        if code is not None:
            assert process.returncode == code, f"{words}: {process.returncode}\n{out}\n{err}"
        return Done(process.returncode, out, err)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two artifacts of mixed columns that answer otherwise, and rows to ask them."""
    folder = tmp_path_factory.mktemp("models")
    train = [sys.executable, str(ROOT / "scripts" / "train_demo.py"), str(folder)]
    subprocess.run(train, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts that load quickly: each answers every row with its own name."""
    from sklearn.dummy import DummyClassifier

    folder = tmp_path_factory.mktemp("tiny")
    for name in ("one", "two", "three", "four"):
        model = DummyClassifier(strategy="constant", constant=name)
        joblib.dump(model.fit([[0.0], [1.0]], [name, "z"]), folder / f"{name}.joblib")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """A command line without a running platform: it embeds one."""
    return CommandLine(tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A command line with a running platform; its state is shared by the tests of a module."""
    line = CommandLine(tmp_path_factory.mktemp("served"))
    line("local", "up")
    yield line
    line("local", "down")


@pytest.fixture
def proxy(served: CommandLine) -> Iterator[Proxy]:
    """A proxy before the running platform, that can do harm."""
    urls = served("local", "status", "--output", "json").json["urls"]
    with Proxy(urls["storage"]) as one:
        yield one


def through(served: CommandLine, proxy: Proxy, tmp_path: Path) -> CommandLine:
    """Return a command line that reaches the running platform through *proxy* alone."""
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    return CommandLine(
        tmp_path / "elsewhere",
        {
            "STORAGE_EMULATOR_HOST": proxy.url,
            "GCP_DEPLOY_AIPLATFORM_ENDPOINT": proxy.url,
            "GCP_DEPLOY_ML_ENDPOINT": proxy.url,
            "GCP_DEPLOY_PROJECT": "local-project",
            "GCP_DEPLOY_REGION": "us-central1",
            "GCP_DEPLOY_BUCKET": "local-models",
        },
    )


def kill(process: "subprocess.Popen[str]") -> None:
    """End a command as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
