"""The limited child: honest models answer, hostile ones are stopped, and the parent lives on."""

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gcp_deploy.errors import ModelFailed
from gcp_deploy.sandbox.failures import NotLoadable, PredictionRejected
from gcp_deploy.sandbox.limits import Limits
from gcp_deploy.sandbox.process import ModelProcess

HERE = Path(__file__).parent
TRUST: dict[str, Any] = {"trusted_modules": ("hostile_models",), "import_path": (HERE,)}
LINUX = sys.platform == "linux"


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(HERE))
    return importlib.import_module("hostile_models")


@pytest.fixture
def misbehaving(hostile: Any, saved: Any) -> Iterator[ModelProcess]:
    limits = Limits(predict=timedelta(seconds=2), answer=1 << 20)
    path = saved(hostile.Misbehaving())
    with ModelProcess.start(path, column_names=False, limits=limits, **TRUST) as model:
        yield model


def test_a_model_describes_itself(by_name, saved):
    with ModelProcess.start(saved(by_name), column_names=True) as model:
        info = model.info
    assert info.estimator == "sklearn.pipeline.Pipeline"
    assert info.fitted
    assert info.features == 3
    assert info.feature_names == ("age", "city", "visits")
    assert info.named_columns == ("age", "visits", "city")
    assert info.classes == ("old", "young")
    assert info.task == "classification"
    assert info.load_seconds > 0
    assert info.resident_bytes > 1 << 20
    assert info.protections[-1].endswith("refused by an audit hook")


def test_named_rows_and_lists_get_the_answers_of_the_pipeline(by_name, frame, saved):
    expected = by_name.predict(frame.head(3)).tolist()
    objects = frame.head(3).to_dict("records")
    lists = frame.head(3).to_numpy().tolist()
    with ModelProcess.start(saved(by_name), column_names=True) as model:
        assert model.predict(objects) == expected
        assert model.predict([dict(reversed(row.items())) for row in objects]) == expected
        assert model.predict(lists) == expected


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_every_container_of_joblib_is_read_from_an_open_file(by_name, saved, compress):
    path = saved(by_name, compress=compress)
    with path.open("rb") as file:
        file.seek(5)
        with ModelProcess.start(file.fileno(), column_names=True) as model:
            assert model.info.features == 3
        assert file.tell() == 5


def test_the_prebuilt_manner_hands_the_bare_list_on(by_name, frame, saved):
    with (
        ModelProcess.start(saved(by_name), column_names=False) as model,
        pytest.raises(PredictionRejected) as refused,
    ):
        model.predict(frame.head(1).to_numpy().tolist())
    assert refused.value.text.startswith("Exception during sklearn prediction: ")
    assert "using strings" in refused.value.text


def test_keywords_reach_a_model_that_is_asked_in_the_prebuilt_manner(saved):
    from sklearn.linear_model import LogisticRegression

    path = saved(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    with (
        ModelProcess.start(path, column_names=False) as model,
        pytest.raises(PredictionRejected, match="unexpected keyword argument 'parameters'"),
    ):
        model.predict([[1.0]], keywords={"parameters": {}})


def test_many_threads_share_one_process(by_name, frame, saved):
    expected = by_name.predict(frame).tolist()
    rows = frame.to_dict("records")
    answers: dict[int, list[Any]] = {}
    with ModelProcess.start(saved(by_name), column_names=True) as model:

        def ask(index: int) -> None:
            answers[index] = model.predict(rows[index : index + 10])

        threads = [threading.Thread(target=ask, args=(index,)) for index in range(0, 80, 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {index: expected[index : index + 10] for index in range(0, 80, 10)} == answers


def test_a_child_started_in_a_thread_outlives_the_thread(by_name, frame, saved):
    started: list[ModelProcess] = []
    path = saved(by_name)
    thread = threading.Thread(
        target=lambda: started.append(ModelProcess.start(path, column_names=True))
    )
    thread.start()
    thread.join()
    with started[0] as model:
        assert len(model.predict(frame.head(2).to_dict("records"))) == 2


def test_closing_ends_the_child_and_removes_its_folder(by_name, saved):
    model = ModelProcess.start(saved(by_name), column_names=True)
    folder, process = Path(model._child.scratch.name), model._child.process
    assert folder.exists()
    model.close()
    model.close()
    assert process.returncode is not None
    assert not folder.exists()
    assert not model.alive
    with pytest.raises(ModelFailed, match="closed"):
        model.predict([[1]])


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("exit", "ended by itself with exit status 7"),
        ("loop", "did not answer within 2 seconds"),
        ("segfault", "crashed"),
    ],
)
def test_a_process_that_dies_or_hangs_is_a_failure_in_words(misbehaving, what, text):
    with pytest.raises(ModelFailed, match=text):
        misbehaving.predict([what])
    assert not misbehaving.alive


@pytest.mark.skipif(not LINUX, reason="the kernel keeps no limit of memory")
def test_memory_beyond_the_limit_is_a_failure(misbehaving):
    with pytest.raises(ModelFailed, match="needs more than 8192 MiB of memory"):
        misbehaving.predict(["hog"])


def test_processor_time_is_limited(hostile, saved):
    limits = Limits(processor_time=timedelta(seconds=4), predict=timedelta(seconds=30))
    path = saved(hostile.Misbehaving())
    with (
        ModelProcess.start(path, column_names=False, limits=limits, **TRUST) as model,
        pytest.raises(ModelFailed, match=r"used up its 4 s of processor time|killed"),
    ):
        model.predict(["loop"])


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["leave"], "SystemExit: 3"),
        (["wide"], "the answer is .* bytes, and the limit is 1048576"),
        (["nan", 1], "row 1: the model predicted NaN, which JSON cannot say"),
        (["missing"], "has no attribute 'missing'"),
    ],
)
def test_an_error_of_the_model_leaves_it_alive(misbehaving, rows, text):
    with pytest.raises(PredictionRejected, match=text):
        misbehaving.predict(rows)
    assert misbehaving.predict(["print"]) == ["honest"]


def test_what_a_model_prints_is_not_taken_for_an_answer(misbehaving):
    assert misbehaving.predict(["print", 2]) == ["honest", "honest"]


def test_the_environment_holds_nothing_of_ours(hostile, saved, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/secret.json")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    path = saved(hostile.Misbehaving())
    with ModelProcess.start(path, column_names=False, **TRUST) as model:
        (seen,) = model.predict(["environment"])
    assert not {"GOOGLE_APPLICATION_CREDENTIALS", "PYTHONPATH", "USER"} & seen.keys()
    assert seen["OPENBLAS_NUM_THREADS"] == "1"
    assert seen["HOME"] != os.environ.get("HOME")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("run", "start a program"),
        ("kill", "signal another process"),
    ],
)
def test_programs_and_signals_are_refused(misbehaving, what, text):
    with pytest.raises(PredictionRejected, match=text):
        misbehaving.predict([what])


def test_the_network_is_refused(misbehaving):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PredictionRejected, match="the model tried to use the network"):
            misbehaving.predict(["connect", port])


def test_files_can_be_written_in_the_scratch_folder_only(misbehaving, tmp_path):
    assert misbehaving.predict(["scratch"]) == ["x"]
    target = tmp_path / "stolen"
    with pytest.raises(PredictionRejected, match="the model tried to write the file"):
        misbehaving.predict(["write", str(target)])
    assert not target.exists()


def test_files_of_the_user_cannot_be_read_where_the_kernel_helps(misbehaving, tmp_path):
    secret = tmp_path / "credentials.json"
    secret.write_text("secret")
    if not any("by the kernel" in text for text in misbehaving.info.protections):
        pytest.skip("no Landlock here")
    with pytest.raises(PredictionRejected, match="Permission denied"):
        misbehaving.predict(["read", str(secret)])
    assert misbehaving.predict(["raw_read", str(secret)]) == [-1]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("leave", "raised SystemExit: 3"),
        ("loop", "did not answer within 5 seconds"),
        ("run", "start a program"),
    ],
)
def test_what_happens_at_loading_is_told(hostile, saved, what, text):
    path = saved(hostile.Loading(what))
    with pytest.raises(ModelFailed, match=text):
        ModelProcess.start(
            path, column_names=True, limits=Limits(load=timedelta(seconds=5)), **TRUST
        )


def test_a_class_that_is_not_trusted_is_refused_by_name(hostile, saved):
    path = saved(hostile.Misbehaving())
    with pytest.raises(NotLoadable, match=r"hostile_models\.Misbehaving") as failed:
        ModelProcess.start(path, column_names=True)
    assert failed.value.kind == "refused"


def test_a_class_that_is_trusted_and_missing_names_module_and_class(hostile, saved):
    path = saved(hostile.Misbehaving())
    with pytest.raises(NotLoadable) as failed:
        ModelProcess.start(path, column_names=True, trusted_modules=("hostile_models",))
    assert failed.value.kind == "import"
    assert "Misbehaving of the module hostile_models" in failed.value.message
    assert "install hostile_models" in failed.value.hint


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ModelFailed, match="No such file"):
        ModelProcess.start(tmp_path / "none.joblib", column_names=True)


def test_instances_that_are_no_json_are_rejected(misbehaving):
    with pytest.raises(PredictionRejected, match="no JSON values"):
        misbehaving.predict([object()])


def test_when_the_parent_is_killed_the_child_goes_too(by_name, saved, tmp_path):
    import signal
    import subprocess

    program = (
        "import sys, pathlib\n"
        "from gcp_deploy.sandbox.process import ModelProcess\n"
        "model = ModelProcess.start(pathlib.Path(sys.argv[1]), column_names=True)\n"
        "print(model._child.process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(saved(by_name))],
        cwd=HERE.parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        descriptor = os.pidfd_open(child) if LINUX else -1
        parent.send_signal(signal.SIGKILL)
    if not LINUX:
        pytest.skip("no pidfd here")
    import select

    try:
        assert select.select([descriptor], [], [], 10)[0]
    finally:
        os.close(descriptor)
