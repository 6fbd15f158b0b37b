"""The guard of the unpickler, asked in this process with harmless payloads."""

import io
import os
import pickle
import pickletools
import tempfile
from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np
import pytest
from joblib import numpy_pickle

from gcp_deploy.serving.guard import CannotLoad
from gcp_deploy.serving.loading import load


@pytest.fixture(autouse=True)
def joblib_as_before() -> Iterator[None]:
    unpickler, read = numpy_pickle.NumpyUnpickler, numpy_pickle.NumpyArrayWrapper.read_array
    yield
    numpy_pickle.NumpyUnpickler = unpickler
    numpy_pickle.NumpyArrayWrapper.read_array = read


class Payload:
    """Would make a folder when it is loaded."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (self.target,)


def refused(content: bytes) -> CannotLoad:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        with pytest.raises(CannotLoad) as failed:
            load(file.fileno())
    return failed.value


def dumped(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()


@pytest.mark.parametrize("compress", [0, 3])
def test_a_call_outside_the_allow_list_is_refused_and_not_made(tmp_path, compress):
    error = refused(dumped(Payload(str(tmp_path / "x")), compress=compress))
    assert error.kind == "refused"
    assert "mkdir, which is not on the allow-list" in error.text
    assert not (tmp_path / "x").exists()


def test_the_nested_pickle_of_an_object_array_is_guarded(tmp_path):
    array = np.array([Payload(str(tmp_path / "x"))], dtype=object)
    assert refused(dumped(array)).kind == "refused"
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("joblib.numpy_pickle", "os.system"),
        ("sklearn", "os.system"),
        ("builtins", "eval"),
        ("joblib", "load"),
        ("numpy", "load"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(module, name):
    stream = b"\x80\x04\x8c" + bytes([len(module)]) + module.encode()
    stream += b"\x8c" + bytes([len(name)]) + name.encode() + b"\x93."
    assert list(pickletools.genops(stream))
    assert refused(stream).detail == f"{module}.{name} is not allowed"


def test_state_on_a_class_is_refused():
    stream = b"\x80\x04csklearn.linear_model._logistic\nLogisticRegression\n}\x8c\x01aK\x01sb."
    error = refused(stream)
    assert error.text == "loading the artifact would change LogisticRegression itself"


def test_a_file_of_joblib_before_0_10_is_refused():
    assert "before 0.10" in refused(b"ZF0x1 ").text


def test_a_truncated_file_is_unreadable():
    content = dumped(np.arange(1000.0))
    assert refused(content[:500]).kind == "unreadable"


def test_a_plain_pickle_is_read_like_a_joblib_file():
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    with tempfile.TemporaryFile() as file:
        file.write(pickle.dumps(model))
        file.flush()
        loaded = load(file.fileno()).model
    assert loaded.predict([[2.0]]).tolist() == pytest.approx([4.0])
