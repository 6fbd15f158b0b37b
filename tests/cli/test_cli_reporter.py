"""What is said on stderr while a command works."""

import io

from gcp_deploy.cli.reporter import Lines, Silent


def reporter(**named):
    stream = io.StringIO()
    return Lines(stream, **named), stream


def test_a_step_is_one_line_with_the_verb_of_the_plan():
    lines, stream = reporter()
    lines.step("upload", "gs://models/model.joblib\x1b[2J\n")
    lines.note("an older run stopped here")
    assert stream.getvalue() == (
        "upload    gs://models/model.joblib [2J\nnote      an older run stopped here\n"
    )


def test_quiet_leaves_warnings():
    lines, stream = reporter(quiet=True)
    lines.step("upload", "x")
    lines.note("x")
    with lines.progress("x") as progress:
        progress.stage("y")
    lines.warn("the runtime ends soon")
    assert stream.getvalue() == "warning: the runtime ends soon\n"


def test_a_warning_is_said_once():
    lines, stream = reporter()
    lines.warn("the runtime ends soon")
    lines.warn("the runtime ends soon")
    assert stream.getvalue().count("ends soon") == 1


def test_without_a_terminal_progress_is_a_line_per_stage():
    lines, stream = reporter()
    with lines.progress("waiting") as progress:
        progress.update(1, 2)
        progress.stage("starting")
        progress.stage("starting")
        progress.stage("finishing up")
    assert stream.getvalue() == "          starting\n          finishing up\n"


def test_on_a_terminal_progress_is_drawn_and_taken_away():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    lines = Lines(stream, terminal=True)
    with lines.progress("upload [bold]model") as progress:
        progress.update(1024, 2048)
        progress.stage("half")
    assert "upload [bold]model" in stream.getvalue()


def test_the_last_step_is_remembered():
    lines, _ = reporter(quiet=True)
    lines.step("deploy", "churn@2 at 0 %")
    assert lines.doing == "deploy churn@2 at 0 %"


def test_a_closed_stderr_stops_nothing():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    Lines(Closed()).step("upload", "x")


def test_silence(capsys):
    Silent().warn("x")
    Silent().step("x", "y")
    assert capsys.readouterr().err == ""
