"""The runner of documents runs what has to run, and notices what differs."""

import pytest

from scripts import run_markdown


@pytest.fixture
def play(tmp_path):
    def play(text):
        return run_markdown.play("TEXT.md", text, tmp_path, tmp_path)

    return play


def block(language, body, note=""):
    comment = f"<!-- {note} -->\n" if note else ""
    return f"words\n\n{comment}```{language}\n{body}\n```\n"


def test_blocks_run_in_order_in_one_directory(play):
    assert play(block("sh", "echo 1 >a") + block("sh", "grep 1 a")) == 2


def test_saves_the_files_of_the_reader(play):
    assert play(block("python", "print(7)", "file: x.py") + block("sh", "python x.py")) == 1


def test_leaves_alone_what_is_marked_and_what_is_no_shell(play):
    text = block("sh", "exit 9", "not run: needs a project") + block("python", "1/0")
    assert play(text) == 0


def test_knows_no_settings_and_no_account_of_whoever_runs_it(play, monkeypatch):
    for name in ("GCP_DEPLOY_TARGET", "GOOGLE_CLOUD_PROJECT", "STORAGE_EMULATOR_HOST"):
        monkeypatch.setenv(name, "mine")
    assert play(block("sh", "! env | grep -E 'GCP_DEPLOY|GOOGLE|STORAGE'")) == 1


@pytest.mark.parametrize(
    ("command", "language", "output"),
    [
        ("echo one; echo two; echo three", "text", "one\nthree"),
        ("echo 'version 3   at 09:12:44'", "text", "version 3 at …"),
        ("echo aside >&2", "text", "aside"),
        ('echo \'{"a": 1, "b": [{"c": "sha256:12"}]}\'', "json", '{"b": [{"c": "sha256:…"}]}'),
    ],
)
def test_output_that_agrees_passes(play, command, language, output):
    assert play(block("sh", command) + block(language, output, "output")) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (block("sh", "false\necho done"), "TEXT.md:3: ended with 1"),
        (block("sh", "false | true"), "ended with 1"),
        (block("sh", "echo two; echo one") + block("text", "one\ntwo", "output"), "said: two"),
        (block("sh", "echo 1.5") + block("text", "1x5", "output"), "said: 1x5"),
        (block("sh", "echo '{}'") + block("json", '{"a": 1}', "output"), "other JSON"),
        (block("sh", "echo '[1, 2]'") + block("json", "[1]", "output"), "other JSON"),
        (block("sh", "echo '[true]'") + block("json", "[1]", "output"), "other JSON"),
        (block("sh", "echo x") + block("json", "{}", "output"), "not JSON"),
        (block("text", "one", "output"), "output of nothing"),
    ],
)
def test_what_differs_is_told_with_its_line(play, text, says):
    with pytest.raises(SystemExit) as stopped:
        play(text)
    assert says in str(stopped.value)
