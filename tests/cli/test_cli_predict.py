"""``predict`` reads rows, asks through the client of applications, and shows who answered."""

import io
import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import gcp_deploy
from gcp_deploy.errors import BadInstances, NotFound


@pytest.fixture
def client(monkeypatch, wiring):
    """Stands for ``gcp_deploy.client``: remembers what it is asked, answers what is wanted."""
    module: Any = ModuleType("gcp_deploy.client")
    module.asked = []
    module.answer = SimpleNamespace(
        predictions=["yes", 0.5, [1, None]], model="churn", version="2", deployed_model="102"
    )

    class PredictionClient:
        def __init__(self, *, settings, timeout):
            self.model, self.timeout = settings.model, timeout

        def __enter__(self):
            return self

        def __exit__(self, *raised):
            module.asked.append("closed")

        def predict(self, rows, *, version):
            module.asked.append((self.model, version, self.timeout, rows))
            if isinstance(module.answer, Exception):
                raise module.answer
            return module.answer

    def instances_from_text(text):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise BadInstances(f"not JSON: {text[:20]!r}") from error
        return found["instances"]

    module.PredictionClient = PredictionClient
    module.instances_from_text = instances_from_text
    monkeypatch.setitem(sys.modules, "gcp_deploy.client", module)
    monkeypatch.setattr(gcp_deploy, "client", module, raising=False)
    return module


@pytest.fixture
def rows(nowhere):
    (nowhere / "rows.json").write_text('{"instances": [[1], [2], [3]]}')
    return "rows.json"


@pytest.fixture
def stdin(monkeypatch):
    def type_in(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    return type_in


def test_document_is_the_contract(cli, client, rows, obeys):
    done = cli("predict", "--instances", rows, "--model", "churn", "--output", "json")
    assert (done.code, done.err) == (0, "")
    obeys(done.json, "predict")
    assert done.json == {
        "schema_version": 1,
        "predictions": ["yes", 0.5, [1, None]],
        "model": "churn",
        "version": "2",
        "deployed_model": "102",
    }


def test_table_is_one_prediction_a_line_and_who_answered_on_stderr(cli, client, rows):
    done = cli("predict", "--instances", rows, "-m", "churn")
    assert (done.out, done.err) == ("yes\n0.5\n[1, null]\n", "churn@2 answers\n")
    assert cli("predict", "--instances", rows, "-m", "churn", "--quiet").err == ""


def test_client_is_asked_for_the_version_within_the_timeout_and_closed(cli, client, rows):
    cli("predict", "--instances", rows, "-m", "churn", "--version", "3", "--timeout", "5s")
    asked = ("churn", "3", 5.0, [[1], [2], [3]])
    assert client.asked == [asked, "closed"]


@pytest.mark.parametrize("argv", [[], ["--instances", "-"]])
def test_rows_come_from_stdin(argv, cli, client, stdin):
    stdin(b'{"instances": [[7]]}')
    assert cli("predict", *argv, "-m", "churn").code == 0
    assert client.asked[0][3] == [[7]]


def test_rows_may_begin_with_a_byte_order_mark(cli, client, nowhere):
    (nowhere / "rows.json").write_bytes(b'\xef\xbb\xbf{"instances": [[7]]}')
    cli("predict", "--instances", "rows.json", "-m", "churn")
    assert client.asked[0][3] == [[7]]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing.json", "missing.json cannot be read: No such file or directory"),
        (".", ". cannot be read: Is a directory"),
        ("latin.json", "latin.json is not UTF-8, at byte 0"),
        ("text.json", "not JSON: 'hello'"),
    ],
)
def test_rows_that_cannot_be_read_end_with_2(name, told, cli, client, nowhere):
    (nowhere / "latin.json").write_bytes(b"\xe4")
    (nowhere / "text.json").write_text("hello")
    done = cli("predict", "--instances", name, "-m", "churn")
    assert (done.code, done.out, client.asked) == (2, "", [])
    assert done.err.startswith(f"error: {told}\n")


def test_a_terminal_is_not_waited_for(cli, client, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    done = cli("predict", "-m", "churn")
    assert (done.code, client.asked) == (2, [])
    assert done.err.startswith("error: no instances are given\nhint: --instances FILE")


def test_an_error_of_the_client_closes_it_and_is_told(cli, client, rows):
    client.answer = NotFound("there is no endpoint for churn", hint="gcp-deploy status")
    done = cli("predict", "--instances", rows, "-m", "churn")
    assert (done.code, done.out, client.asked[-1]) == (2, "", "closed")


def test_nobodys_predictions_draw_on_the_terminal(cli, client, rows):
    client.answer.predictions = ["a\x1b[2J\nb", ["\x1b"]]
    assert cli("predict", "--instances", rows, "-m", "churn").out == 'a [2J b\n["\\u001b"]\n'


def test_a_project_is_enough_to_ask_on_a_cloud_target(cli, client, rows, wiring):
    done = cli(
        *("predict", "--instances", rows, "-m", "churn", "--platform", "aiplatform"),
        *("--project", "my-project", "--region", "europe-west4"),
    )
    assert done.code == 0
    assert wiring.settings.bucket == ""


def test_more_rows_than_memory_takes_are_refused(tmp_path, monkeypatch):
    from gcp_deploy.cli import asking
    from gcp_deploy.errors import BadInstances

    monkeypatch.setattr(asking, "_MOST_CHARACTERS", 10)
    file = tmp_path / "rows.json"
    file.write_text("[[1],[2],[3]]")
    with pytest.raises(BadInstances, match="more than 10 characters"):
        asking.read_instances(str(file))
