"""What is in the file: a model, something else, or a class that is not here."""

import io
import sys
import tempfile
import types
from collections.abc import Iterator
from typing import Any

import joblib
import pytest
import sklearn
from joblib import numpy_pickle
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gcp_deploy.serving.guard import CannotLoad
from gcp_deploy.serving.loading import Loaded, load

LINE = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])


@pytest.fixture(autouse=True)
def joblib_as_before() -> Iterator[None]:
    unpickler, read = numpy_pickle.NumpyUnpickler, numpy_pickle.NumpyArrayWrapper.read_array
    yield
    numpy_pickle.NumpyUnpickler = unpickler
    numpy_pickle.NumpyArrayWrapper.read_array = read


@pytest.fixture
def own_class() -> Iterator[type]:
    """A class of a module of the deployer's own, which is there while it is dumped."""
    module = types.ModuleType("own_models")

    class Doubler(BaseEstimator):  # type: ignore[misc]
        def predict(self, rows: Any) -> Any:
            return [2 * row[0] for row in rows]

    Doubler.__module__, Doubler.__qualname__ = "own_models", "Doubler"
    vars(module)["Doubler"] = Doubler
    sys.modules["own_models"] = module
    yield Doubler
    sys.modules.pop("own_models", None)


def dumped(value: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


def loaded(content: bytes, trusted: tuple[str, ...] = ()) -> Loaded:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return load(file.fileno(), trusted)


def refused(content: bytes, trusted: tuple[str, ...] = ()) -> CannotLoad:
    with pytest.raises(CannotLoad) as failed:
        loaded(content, trusted)
    return failed.value


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"model": LINE}, "dict"),
        ([LINE], "list"),
        ((LINE, "v1"), "tuple"),
        ("model", "str"),
        (None, "NoneType"),
        (StandardScaler(), "sklearn.preprocessing._data.StandardScaler"),
    ],
)
def test_what_has_no_predict_is_named_by_its_type(value, name):
    error = refused(dumped(value))
    assert error.kind == "no_model"
    assert error.text == f"the artifact has no predict: it is a {name}"
    assert "joblib.dump(pipeline, path)" in error.hint


def test_a_class_of_ones_own_is_loaded_when_its_module_is_trusted(own_class):
    found = loaded(dumped(own_class()), ("own_models",)).model
    assert found.predict([[2]]) == [4]


def test_a_class_of_ones_own_is_refused_when_its_module_is_not(own_class):
    error = refused(dumped(own_class()))
    assert error.kind == "refused"
    assert "own_models.Doubler" in error.text
    assert "trusted_modules" in error.hint


def test_a_module_that_is_not_here_is_named_with_the_class(own_class):
    content = dumped(own_class())
    del sys.modules["own_models"]
    error = refused(content, ("own_models",))
    assert error.kind == "import"
    assert error.text == (
        "the artifact needs Doubler of the module own_models, which cannot be imported: "
        "No module named 'own_models'"
    )
    assert error.detail == "No module named 'own_models'"
    assert error.hint.startswith("install own_models")


def test_a_class_that_its_module_has_no_more_is_named(own_class):
    content = dumped(own_class())
    del vars(sys.modules["own_models"])["Doubler"]
    error = refused(content, ("own_models",))
    assert error.kind == "import"
    assert error.text.startswith("the artifact needs Doubler of the module own_models")


def test_a_class_that_raises_when_it_is_loaded_is_quoted_on_one_line(own_class):
    def fails(_self: Any, _state: Any) -> None:
        raise ValueError("of an\n  older time")

    model = own_class()
    model.a = 1
    content = dumped(model)
    own_class.__setstate__ = fails
    error = refused(content, ("own_models",))
    assert error.kind == "unreadable"
    assert error.text == "the artifact cannot be loaded: ValueError: of an older time"
    assert error.detail == "of an older time"


@pytest.mark.parametrize("content", [b"", b"\x80", b"PK\x03\x04", b"{}", b"\x1f\x8b\x08", b"BZh9"])
def test_bytes_that_are_no_artifact_are_unreadable(content):
    error = refused(content)
    assert error.kind == "unreadable"
    assert error.text.startswith("the artifact cannot be loaded: ")


def test_what_was_warned_of_at_loading_is_told_once():
    version = sklearn.__version__.encode()
    scaled = make_pipeline(StandardScaler(), StandardScaler(), LinearRegression()).fit(
        [[0.0], [1.0]], [0, 1]
    )
    assert loaded(dumped(scaled)).warnings == ()
    told = loaded(dumped(scaled).replace(version, b"0" + version[1:])).warnings
    assert sorted(text.split()[4] for text in told) == [
        "LinearRegression",
        "Pipeline",
        "StandardScaler",
    ]
    assert not any("\n" in text for text in told)


def test_the_position_of_the_open_file_is_left_alone():
    with tempfile.TemporaryFile() as file:
        file.write(dumped(LINE))
        file.flush()
        file.seek(7)
        assert load(file.fileno()).model.predict([[3.0]]).tolist() == pytest.approx([6.0])
        assert load(file.fileno()).model.coef_.tolist() == pytest.approx([2.0])
        assert file.tell() == 7
