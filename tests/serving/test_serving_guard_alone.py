"""Hostile files meet the guard of the unpickler alone, in a process of their own: no X-ray before.

Each payload would make a file. None of them may.
"""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline

HERE = Path(__file__).parent


class Calls:
    """Becomes a call of *function* when it is loaded."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def dumped(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()


def in_a_model(value: Any) -> LinearRegression:
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    model.note_ = value
    return model


def objects(value: Any) -> Any:
    array = np.empty((1, 1), dtype=object)
    array[0, 0] = value
    return array


def raw_system(mark: Path) -> bytes:
    return b"cposix\nsystem\n(S'touch " + str(mark).encode() + b"'\ntR."


def nested_numpy_load(mark: Path) -> Any:
    """An array that allows pickles, in a file beside, which ``numpy.load`` would read."""
    beside = mark.with_suffix(".npz")
    with zipfile.ZipFile(beside, "w") as archive:
        content = io.BytesIO()
        np.save(content, objects(system(mark)), allow_pickle=True)
        archive.writestr("a.npy", content.getvalue())
    return Calls(np.load, str(beside), None, True)


def system(mark: Path) -> Calls:
    return Calls(os.system, f"touch {mark}")


PAYLOADS: dict[str, Callable[[Path], bytes]] = {
    "a command": lambda mark: dumped(system(mark)),
    "a command in protocol 0": raw_system,
    "a command in a plain pickle": lambda mark: pickle.dumps(system(mark)),
    "a command in zlib": lambda mark: dumped(system(mark), compress=3),
    "a command in xz": lambda mark: dumped(system(mark), compress=("xz", 1)),
    "a command in gzip": lambda mark: dumped(system(mark), compress=("gzip", 1)),
    "a command in bz2": lambda mark: dumped(system(mark), compress=("bz2", 1)),
    "an attribute of a model": lambda mark: dumped(in_a_model(system(mark))),
    "a step of a pipeline": lambda mark: dumped(Pipeline([("a", in_a_model(system(mark)))])),
    "an array of objects": lambda mark: dumped(objects(system(mark))),
    "an array of objects in a model": lambda mark: dumped(in_a_model(objects(system(mark)))),
    "an array of objects in an array": lambda mark: dumped(objects(objects(system(mark)))),
    "an array of objects in zlib": lambda mark: dumped(objects(system(mark)), compress=3),
    "an array of objects in a plain pickle": lambda mark: pickle.dumps(objects(system(mark))),
    "python code": lambda mark: dumped(Calls(exec, f"open({str(mark)!r}, 'w')")),
    "open": lambda mark: dumped(Calls(open, str(mark), "w")),
    "a process": lambda mark: dumped(Calls(subprocess.Popen, ["touch", str(mark)])),
    "joblib in joblib": lambda mark: dumped(Calls(joblib.dump, 1, str(mark))),
    "a pickle in a pickle": lambda mark: dumped(Calls(pickle.loads, raw_system(mark))),
    "numpy's own loading": lambda mark: dumped(nested_numpy_load(mark)),
    "numpy's own saving": lambda mark: dumped(Calls(np.savetxt, str(mark), [1.0])),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[list[str], bool]]:
    """What came of each payload, and whether its mark was made: one process for all."""
    folder = tmp_path_factory.mktemp("hostile")
    names = {"honest": folder / "honest.joblib"}
    joblib.dump(in_a_model(objects("harmless")), names["honest"])
    for number, (name, content) in enumerate(PAYLOADS.items()):
        names[name] = folder / f"{number}.joblib"
        names[name].write_bytes(content(names[name].with_suffix(".mark")))
    command = [sys.executable, str(HERE / "loading_probe.py"), *map(str, names.values())]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(
        command, capture_output=True, check=True, cwd=folder, env=environment, timeout=60
    )
    said = json.loads(done.stdout)
    return {
        name: (said[str(path)], path.with_suffix(".mark").exists()) for name, path in names.items()
    }


def test_an_honest_model_with_an_array_of_objects_is_loaded(outcomes):
    assert outcomes["honest"] == (["loaded", "LinearRegression"], False)


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_payload_is_refused_and_never_runs(outcomes, name):
    (kind, detail), marked = outcomes[name]
    assert not marked
    assert kind == "refused"
    assert detail.endswith(" is not allowed")


def test_the_payload_would_run_without_the_guard(tmp_path):
    """Else the tests above would prove nothing."""
    mark = tmp_path / "mark"
    path = tmp_path / "model.joblib"
    path.write_bytes(PAYLOADS["an array of objects"](mark))
    code = "import joblib, sys; joblib.load(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=60)
    assert mark.exists()
