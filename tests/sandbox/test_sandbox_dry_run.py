"""The port ``Sandbox``: golden rows, and every way in which an artifact does not give them."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gcp_deploy.errors import ModelFailed
from gcp_deploy.ports import DryRun, Sandbox
from gcp_deploy.sandbox.dry_run import LimitedSandbox

HERE = Path(__file__).parent


def run(artifact: Any, sandbox: Sandbox | None = None, **how: Any) -> DryRun:
    how = {"instances": None, "column_names": True, "timeout": timedelta(seconds=60), **how}
    return (sandbox or LimitedSandbox()).dry_run(artifact, **how)


def test_rows_are_derived_from_the_pipeline_and_always_the_same(by_name, saved):
    with saved(by_name).open("rb") as file:
        first, second = run(file), run(file)
    assert first.golden.source == "derived"
    assert first.golden.digest == second.golden.digest
    assert len(first.golden.instances) == 8
    assert {row["city"] for row in first.golden.instances} == {"oslo", "rome"}
    assert set(first.golden.predictions) == {"old", "young"}
    assert first.load_seconds > 0
    assert first.resident_bytes > 1 << 20


def test_rows_of_a_file_get_their_answers(by_name, frame, packed):
    rows = frame.head(4).to_dict("records")
    found = run(packed(by_name), instances=rows).golden
    assert found.source == "file"
    assert list(found.instances) == rows
    assert list(found.predictions) == by_name.predict(frame.head(4)).tolist()


def test_what_was_opened_is_what_is_loaded(by_name, saved):
    path = saved(by_name)
    with path.open("rb") as file:
        path.unlink()
        path.write_bytes(b"something else")
        assert run(file).golden.source == "derived"


def test_an_older_library_is_warned_of(packed):
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    content = packed(model).getvalue()
    import sklearn

    version = sklearn.__version__.encode()
    older = content.replace(version, b"1" + version[1:-1] + b"0")
    assert older != content
    (warning,) = run(io.BytesIO(older)).warnings
    assert "LinearRegression" in warning


def test_a_pipeline_that_selects_by_name_needs_the_serving_image(by_name, packed):
    with pytest.raises(ModelFailed) as failed:
        run(packed(by_name), column_names=False)
    assert failed.value.message == (
        "the pipeline selects columns by name ('age', 'visits', 'city'), and the prebuilt runtime "
        "hands it bare lists"
    )
    assert "serving image" in failed.value.hint


def test_bare_lists_are_derived_for_a_prebuilt_runtime(packed):
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, OrdinalEncoder

    rows = [[1.0, "a"], [2.0, "b"], [3.0, "a"]]
    columns = make_column_transformer((MinMaxScaler(), [0]), (OrdinalEncoder(), [1]))
    pipeline = make_pipeline(columns, LinearRegression()).fit(rows, [1.0, 2.0, 3.0])
    found = run(packed(pipeline), column_names=False).golden
    assert all(1 <= number <= 3 and word in "ab" for number, word in found.instances)


def test_an_unfitted_estimator_is_told(packed):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    with pytest.raises(ModelFailed, match="is not fitted") as failed:
        run(packed(make_pipeline(StandardScaler(), LogisticRegression())))
    assert "fit" in failed.value.hint


@pytest.mark.parametrize(("value", "name"), [({"a": 1}, "dict"), ([1], "list"), ("x", "str")])
def test_an_object_that_is_no_estimator_is_told(packed, value, name):
    with pytest.raises(ModelFailed, match=f"the artifact has no predict: it is a {name}"):
        run(packed(value))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04"])
def test_bytes_that_are_no_artifact_are_told(content):
    with pytest.raises(ModelFailed, match="the artifact cannot be loaded"):
        run(io.BytesIO(content))


def test_the_row_that_the_pipeline_refuses_is_named(by_name, frame, packed):
    rows = frame.head(3).to_dict("records")
    rows[2]["city"] = "paris"
    with pytest.raises(ModelFailed, match="row 2, column 'city': .*paris"):
        run(packed(by_name), instances=rows)


def test_the_row_is_named_for_a_prebuilt_runtime_too(packed):
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(ModelFailed, match="row 1: Exception during sklearn prediction"):
        run(packed(model), instances=[[1.0], ["x"]], column_names=False)


def test_a_model_that_answers_by_chance_has_no_golden_rows(packed, hostile):
    sandbox = LimitedSandbox(trusted_modules=("hostile_models",), import_path=(HERE,))
    with pytest.raises(ModelFailed, match="differently when asked again: row 0"):
        run(
            packed(hostile.Misbehaving()),
            sandbox,
            instances=["random", "random"],
        )


def test_a_class_of_ones_own_is_not_for_a_prebuilt_runtime(packed, hostile):
    sandbox = LimitedSandbox(trusted_modules=("hostile_models",), import_path=(HERE,))
    artifact = packed(hostile.OnlyPredicts())
    with pytest.raises(ModelFailed, match="classes of scikit-learn only"):
        run(artifact, sandbox, instances=[[1]], column_names=False)
    assert run(artifact, sandbox, instances=[[1, 2]]).golden.predictions == (2,)


def test_a_model_that_says_nothing_about_its_input_needs_rows(packed, hostile):
    sandbox = LimitedSandbox(trusted_modules=("hostile_models",), import_path=(HERE,))
    with pytest.raises(ModelFailed, match="no rows can be derived") as failed:
        run(packed(hostile.OnlyPredicts()), sandbox)
    assert "--golden FILE" in failed.value.hint
