"""Each error class ends with its exit code and one or two lines on stderr."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gcp_deploy import errors
from gcp_deploy.cli.failures import Terminated
from gcp_deploy.errors import ExitCode, GcpDeployError
from tests.cli import outcomes_made as made

CODES = {
    "GcpDeployError": 1,
    "UsageError": 2,
    "BadName": 2,
    "BadSettings": 2,
    "MissingExtra": 2,
    "BadInstances": 2,
    "NotFound": 2,
    "ArtifactError": 12,
    "ArtifactUnreadable": 12,
    "ArtifactUnsafe": 12,
    "ModelFailed": 12,
    "ArtifactNeedsTrust": 4,
    "ApprovalNeeded": 4,
    "CredentialsError": 5,
    "Unauthenticated": 5,
    "PermissionDenied": 5,
    "Conflict": 6,
    "RollbackImpossible": 7,
    "DeployFailed": 8,
    "RuntimeSunset": 13,
    "TemporaryError": 75,
    "StillRunning": 124,
}
ROOT = Path(__file__).resolve().parents[2]
STATUS = "app.watching.status"


def test_the_table_has_every_error_class():
    found = {
        name
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, GcpDeployError)
    }
    assert found == set(CODES)


@pytest.mark.parametrize("name", CODES)
def test_error_ends_with_its_code_and_says_what_to_type(name, cli, use_case):
    use_case(STATUS, getattr(errors, name)("churn: it is so", hint="type this"))
    done = cli("status", "-m", "churn")
    assert (done.code, done.out) == (CODES[name], "")
    assert done.err == "error: churn: it is so\nhint: type this\n"


def test_error_without_a_hint_is_one_line(cli, use_case):
    use_case(STATUS, errors.Conflict("somebody\x1b[31m\r\bwas faster"))
    assert cli("status", "-m", "churn").err == "error: somebody [31m  was faster\n"


def test_json_output_leaves_stdout_empty_on_an_error(cli, use_case):
    use_case(STATUS, errors.NotFound("no such model: churn"))
    assert cli("status", "-m", "churn", "-o", "json").out == ""


def test_what_is_still_running_can_be_waited_for(cli, use_case):
    use_case(STATUS, errors.StillRunning("still running", hint="again", operation="operations/7"))
    done = cli("status", "-m", "churn")
    assert done.err.endswith("hint: again; gcp-deploy operations wait operations/7\n")


def test_unexpected_error_is_one_line_without_secrets(cli, use_case):
    address = "https://storage.googleapis.com/upload?upload_id=SECRET&x=1"
    use_case(STATUS, ValueError(f"cannot read {address}\n" + "x" * 1000))
    done = cli("status", "-m", "churn")
    assert done.code == ExitCode.INTERNAL
    assert "SECRET" not in done.err
    assert "Traceback" not in done.err
    assert "--debug shows the traceback" in done.err
    assert max(map(len, done.err.splitlines())) < 400
    assert "SECRET" not in cli("status", "-m", "churn", "--debug").err


def test_debug_shows_the_traceback(cli, use_case):
    use_case(STATUS, errors.Conflict("somebody was faster"))
    done = cli("status", "-m", "churn", "--debug")
    assert done.code == 6
    assert "Traceback (most recent call last)" in done.err
    assert not logging.getLogger("gcp_deploy").handlers
    assert done.err.endswith("error: somebody was faster\n")


@pytest.mark.parametrize(
    ("stop", "code", "word"),
    [(KeyboardInterrupt(), 130, "interrupted"), (Terminated(), 143, "terminated")],
)
def test_interruption_tells_what_was_being_done(stop, code, word, cli, wiring):
    def now():
        wiring.reporter.step("deploy", "churn@2 at 0 %")
        raise stop

    wiring.context.clock.now = now
    done = cli("when", "now", "-m", "churn", "--quiet")
    assert done.code == code
    assert done.err.startswith(f"error: {word} during: deploy churn@2 at 0 %\n")
    assert "the same command again" in done.err


def test_interruption_before_any_step_is_one_line(cli, use_case):
    use_case(STATUS, KeyboardInterrupt())
    done = cli("status", "-m", "churn")
    assert (done.code, done.err) == (130, "error: interrupted\n")


@pytest.mark.parametrize(
    ("argv", "told", "hint"),
    [
        (["status", "--nonsense"], "no such option: --nonsense", "gcp-deploy status --help"),
        (["promote", "1", "2"], "got unexpected extra argument(s) (2)", "gcp-deploy promote"),
        (["deploy"], "missing argument 'ARTIFACT'", "gcp-deploy deploy --help"),
        (["status", "--model"], "option '--model' requires an argument", "--help"),
        (["undo"], "no such command: undo", "gcp-deploy rollback"),
        (["release"], "no such command: release", "gcp-deploy promote VERSION"),
        (["ls"], "no such command: ls", "gcp-deploy versions"),
        (["statsu"], "no such command: statsu", "gcp-deploy status"),
        (["xyzzy"], "no such command: xyzzy", "gcp-deploy --help shows the commands"),
        (["local", "upp"], "no such command 'upp'", "gcp-deploy local"),
        (["local"], "missing command", "gcp-deploy local --help"),
        (["--target", "prod", "status"], "no such option: --target", "gcp-deploy --help"),
        (["status", "-m", "churn", "-o", "yaml"], "'yaml'", ""),
        (["status", "-m", "Churn!"], "'Churn!'", ""),
        (["when", "yesterday", "-m", "churn"], "not a time: 'yesterday'", "2h ago"),
        (["when", "2099-01-01", "-m", "churn"], "2099-01-01 00:00:00 UTC is still to come", ""),
        (["promote", "-m", "churn", "--timeout", "soon"], "not a duration: 'soon'", "30m"),
        (["deploy", "a.joblib", "--labels", "team"], "not a label: 'team'", "KEY=VALUE"),
        (["deploy", "a.joblib", "--labels", "Team=x"], "not a label key: 'Team'", ""),
        (["local", "up", "--port", "99999"], "not a port: '99999'", "65535"),
    ],
)
def test_what_is_wrongly_typed_ends_with_2_and_the_right_way(argv, told, hint, cli, wiring):
    done = cli(*argv)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert told.lower() in done.err.lower()
    assert hint in done.err
    assert len(done.err.splitlines()) <= 2


def test_nothing_typed_shows_the_help_and_ends_with_2(cli):
    done = cli()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: gcp-deploy")


def test_a_plan_with_steps_ends_with_10_when_asked(cli, use_case):
    use_case("app.deploying.plan", made.PLAN)
    assert cli("plan", "churn.joblib").code == 0
    assert cli("plan", "churn.joblib", "--detailed-exitcode").code == 10


def process(*command):
    return subprocess.run(
        command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def test_a_reader_that_has_enough_is_no_error():
    line = (
        f"{sys.executable} -m gcp_deploy.cli.main init --print | head -c 1; echo ${{PIPESTATUS[0]}}"
    )
    done = process("bash", "-c", line)
    assert (done.stdout, done.stderr) == (b"#0\n", b"")


def test_a_full_disk_is_told():
    done = process("bash", "-c", f"{sys.executable} -m gcp_deploy.cli.main --version > /dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: the result cannot be written to stdout: No space left")
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("words", ["--version", "--help", "init --print", "inspect --help"])
def test_a_closed_stdout_is_told(words):
    done = process("bash", "-c", f"{sys.executable} -m gcp_deploy.cli.main {words} >&-")
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: the result cannot be written to stdout: it is closed\n")
    assert len(done.stderr.splitlines()) == 2


def test_other_closed_streams_are_no_error():
    done = process("bash", "-c", f"{sys.executable} -m gcp_deploy.cli.main undo >&- 2>&-")
    assert done.returncode == 2


def test_an_ascii_locale_is_no_error(nowhere):
    script = (
        f"PYTHONUTF8=0 PYTHONIOENCODING=ascii {sys.executable} -m gcp_deploy.cli.main inspect ä"
    )
    done = process("bash", "-c", script)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
    assert b"\\" in done.stderr


def test_sigterm_ends_with_143():
    script = (
        "import os, signal, sys\n"
        "from gcp_deploy.cli import main, session\n"
        "session.load_settings = lambda *a, **k: os.kill(os.getpid(), signal.SIGTERM)\n"
        "main.main(['init'])\n"
    )
    done = process(sys.executable, "-c", script)
    assert (done.returncode, done.stderr) == (143, b"error: terminated\n")


def test_sigterm_is_what_it_was_after_the_command(cli):
    before = signal.getsignal(signal.SIGTERM)
    cli("--version")
    assert signal.getsignal(signal.SIGTERM) is before
