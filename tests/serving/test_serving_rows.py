"""Instances in, JSON values out."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gcp_deploy.sandbox.failures import PredictionRejected
from gcp_deploy.serving.answers import BAD_TYPE, BadAnswer, to_json
from gcp_deploy.serving.description import Inputs
from gcp_deploy.serving.rows import arrange

NAMED = Inputs(2, ("age", "city"), text=False, named_columns=())
BARE = Inputs(2, None, text=False, named_columns=())
TEXT = Inputs(None, None, text=True, named_columns=())
ANY = Inputs(None, None, text=False, named_columns=())


def test_objects_in_any_order_and_lists_become_one_frame():
    found = arrange([{"city": "oslo", "age": 1}, [2, "rome"]], NAMED)
    pd.testing.assert_frame_equal(found, pd.DataFrame({"age": [1, 2], "city": ["oslo", "rome"]}))


def test_null_is_a_missing_value():
    assert arrange([[None, "x"], [1.5, None]], NAMED).isna().to_numpy().tolist() == [
        [True, False],
        [False, True],
    ]


def test_names_that_repeat_keep_their_columns():
    found = arrange([[1, 2]], Inputs(2, ("a", "a"), text=False, named_columns=()))
    assert found.to_numpy().tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("takes", "rows", "text"),
    [
        (NAMED, [[1, "x"], {"age": 1}], "row 1: missing column 'city'"),
        (NAMED, [{"age": 1, "city": "x", "y": 2, "z": 3}], "row 0: unknown columns 'y', 'z'"),
        (
            NAMED,
            [{"age": 1, "town": "x"}],
            "row 0: missing column 'city', unknown column 'town'",
        ),
        (NAMED, [[1]], "row 0: 1 values where the model takes 2: age, city"),
        (NAMED, [[1, [2]]], "row 0, column 'city': a list where one value belongs"),
        (
            NAMED,
            ["x"],
            "row 0: a text where a list of 2 values or an object with the columns belongs",
        ),
        (BARE, [[1, 2], [1, 2, 3]], "row 1: 3 values where the model takes 2"),
        (BARE, [5], "row 0: a number where a list of 2 values belongs"),
        (BARE, [[1, {}]], "row 0, column 1: an object where one value belongs"),
        (
            BARE,
            [{"a": 1}],
            (
                "row 0: an object, and the model was fitted without column names: "
                "send a list of 2 values"
            ),
        ),
        (TEXT, ["a", None], "row 1: null where the model takes a text"),
        (TEXT, [["a"]], "row 0: a list where the model takes a text"),
        (BARE, [], "no instances were sent"),
    ],
)
def test_a_row_that_does_not_fit_is_named(takes, rows, text):
    with pytest.raises(PredictionRejected) as refused:
        arrange(rows, takes)
    assert refused.value.text == text


@pytest.mark.parametrize(
    ("takes", "rows"), [(TEXT, ["a", "b"]), (ANY, [{"a": 1}]), (BARE, [[1, 2]])]
)
def test_what_needs_no_frame_stays_as_it_is(takes, rows):
    assert arrange(rows, takes) == rows


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (np.array([1, 2]), [1, 2]),
        (np.array([[0.5, 1.0]]), [[0.5, 1.0]]),
        (np.array(["a", "b"], dtype=object), ["a", "b"]),
        ([np.int64(1), np.float32(0.5), np.bool_(1), None], [1, 0.5, True, None]),
        ([{"a": np.array([1])}, (1, 2)], [{"a": [1]}, [1, 2]]),
        (pd.Series([1, 2]), [1, 2]),
        ([date(2026, 11, 25)], ["2026-11-25"]),
    ],
)
def test_answers_become_json_values(answer: Any, expected: Any):
    found = to_json(answer, len(expected))
    assert found == expected
    assert [type(one) for one in found] == [type(one) for one in expected]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ([1.0, float("nan")], "row 1: the model predicted NaN, which JSON cannot say"),
        ([[float("inf")], [0]], "row 0: the model predicted infinity, which JSON cannot say"),
        ([1, -float("inf")], "row 1: the model predicted minus infinity, which JSON cannot say"),
        ([1], "the model gave 1 predictions for 2 rows"),
        ("ab", BAD_TYPE),
        ([b"x", 1], "row 0: the model predicted a bytes, not a JSON value"),
    ],
)
def test_answers_that_json_cannot_say_are_errors(answer, text):
    with pytest.raises(BadAnswer) as refused:
        to_json(answer, 2)
    assert str(refused.value) == text
