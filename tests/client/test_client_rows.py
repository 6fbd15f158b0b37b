"""Rows and values: every line of the table in encoding.py, frames, splitting."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_deploy.client import BadInstances, instances_from_text
from gcp_deploy.client.rows import bodies

LIMIT = 1_500_000


class Colour(Enum):
    RED = "red"


def sent(rows, limit=LIMIT):
    return [one for body in bodies(rows, limit) for one in json.loads(body.data)["instances"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (float("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.datetime64("NaT"), None),
        (True, True),
        (np.bool_(True), True),
        (7, 7),
        (2**53 - 1, 2**53 - 1),
        (np.int64(7), 7),
        (0.1, 0.1),
        (np.float32(0.1), float(np.float32(0.1))),
        ("ü null", "ü null"),
        (np.str_("a"), "a"),
        (np.array([1, 2]), [1, 2]),
        (Decimal("19.99"), 19.99),
        (Decimal("NaN"), None),
        (datetime.fromisoformat("2026-01-02T03:04:05"), "2026-01-02T03:04:05"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (pd.Timestamp("2026-01-02T03:04:05.000000006"), "2026-01-02T03:04:05.000000006"),
        (np.datetime64("2026-01-02"), "2026-01-02"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (Colour.RED, "red"),
        ((1, 2), [1, 2]),
        ({"a": {"b": np.int8(1)}}, {"a": {"b": 1}}),
        ({np.str_("a"): 1}, {"a": 1}),
    ],
)
def test_a_value_becomes_what_the_table_says(value, expected):
    assert sent([{"x": value}]) == [{"x": expected}]
    assert sent([{"x": value, "y": None}]) == [{"x": expected, "y": None}]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("inf"), "infinite"),
        (-np.float32("inf"), "infinite"),
        (Decimal("Infinity"), "infinite"),
        (2**53 + 1, "beyond 2**53"),
        (2**80, "beyond 2**53"),
        (Decimal("0.1234567890123456789012"), "more digits"),
        (b"x", "bytes"),
        ({1}, "type set"),
        (timedelta(1), "duration"),
        (np.timedelta64(1, "D"), "numpy type"),
        (1j, "type complex"),
        (np.complex128(1j), "numpy type"),
        ("\ud800", "half a character"),
        ({1: 2}, "names of columns"),
        (object(), "type object"),
    ],
)
def test_what_json_cannot_say_names_row_and_column(value, told):
    with pytest.raises(BadInstances, match="row 1, column 'x'") as caught:
        sent([{"x": 0}, {"x": value}])
    assert told in caught.value.message


def test_an_array_of_numbers_is_a_list_of_rows():
    assert sent(np.array([[1.5, np.nan], [0.0, 2.0]])) == [[1.5, None], [0.0, 2.0]]
    assert sent(np.array([[1, 2]], dtype="int8")) == [[1, 2]]
    assert sent(np.asfortranarray(np.array([[1.0, 2.0], [3.0, 4.0]]))) == [[1.0, 2.0], [3.0, 4.0]]
    assert sent(np.array([[0.1]], dtype="float32")) == [[float(np.float32(0.1))]]
    assert sent(np.array([[1.0]], dtype=">f8")) == [[1.0]]
    assert sent(np.array(["a", "b"])) == ["a", "b"]
    assert sent(np.array([["a", 1.5]], dtype=object)) == [["a", 1.5]]
    assert sent(np.ma.array([[1.0, 2.0]], mask=[[False, True]])) == [[1.0, None]]
    assert sent(np.array([(1, "a")], dtype=[("n", "i4"), ("t", "U1")])) == [{"n": 1, "t": "a"}]


@pytest.mark.parametrize(
    "array", [np.array([[1.0, np.inf]]), np.array([[1, 2**53]]), np.array([[1.0, -np.inf]])]
)
def test_an_array_with_a_number_json_cannot_say_is_refused(array):
    with pytest.raises(BadInstances, match="row 0, column 1"):
        sent(array)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        "text",
        b"bytes",
        {"a": [1]},
        3,
        np.array([1.0, 2.0]),
        np.array(3),
        np.empty((0, 2)),
        pl.LazyFrame({"a": [1]}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1, 2]], columns=["a", 3]),
        np.array([[1j]]),
    ],
)
def test_rows_that_are_none_are_refused(rows):
    with pytest.raises(BadInstances):
        sent(rows)


def test_frames_become_objects_by_column_name():
    expected = [{"age": 41.0, "plan": "basic"}, {"age": None, "plan": None}]
    columns = {"age": [41.0, None], "plan": ["basic", None]}
    assert sent(pd.DataFrame(columns)) == expected
    assert sent(pd.DataFrame(columns).astype({"plan": "category"})) == expected
    assert sent(pl.DataFrame(columns)) == expected
    assert sent(pd.DataFrame({"n": pd.array([1, None], dtype="Int64")})) == [{"n": 1}, {"n": None}]
    assert sent(pd.DataFrame(np.array([[1, 2]]))) == [[1, 2]]
    assert sent(pd.Series(["a", "b"])) == ["a", "b"]
    assert sent(pl.Series(["a", "b"])) == ["a", "b"]
    assert sent(iter([[1], [2]])) == [[1], [2]]


@given(st.lists(st.text(max_size=40) | st.integers(-1000, 1000), min_size=1, max_size=60))
def test_splitting_keeps_the_order_and_every_part_is_under_the_limit(rows):
    parts = list(bodies(rows, 300))
    assert [one for part in parts for one in json.loads(part.data)["instances"]] == rows
    assert all(len(part.data) <= 300 for part in parts)
    assert [part.first for part in parts] == [
        sum(one.rows for one in parts[:index]) for index in range(len(parts))
    ]


def test_arrays_are_split_as_lists_are():
    array = np.arange(3000.0).reshape(-1, 3)
    assert sent(array, 1000) == array.tolist()


def test_a_row_that_is_too_large_alone_is_named():
    with pytest.raises(BadInstances, match="row 2 alone"):
        sent(["a", "b", "c" * 500, "d"], 300)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('{"instances": [[1], [2]]}', [[1], [2]]),
        ("[[1], [2]]", [[1], [2]]),
        ('{"a": 1}\n\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ("[1]\n[2]", [[1], [2]]),
        ('{"a": 1}', [{"a": 1}]),
    ],
)
def test_instances_are_read_from_text(text, rows):
    assert instances_from_text(text) == rows


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("[]", "empty list"),
        ('{"instances": 3}', "no list"),
        ("{", "line 1"),
        ('{"a": 1}\n{"a": }\n', "line 2"),
        ("a,b\n1,2", "not JSON"),
        ("[1, NaN]", "not JSON"),
    ],
)
def test_text_that_holds_no_instances_is_refused_with_line_and_reason(text, told):
    with pytest.raises(BadInstances, match=told):
        instances_from_text(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[[NaN, 1]]", "NaN"),
        ("[1]\n[-Infinity]\n", "Infinity"),
        ('[["a \\" NaN", NaN]]', "NaN"),
        ('[["NaN", 1]', ""),
        ("[[NaNo]]", ""),
    ],
)
def test_who_writes_what_python_calls_json_is_told_to_write_null(text, word):
    with pytest.raises(BadInstances) as caught:
        instances_from_text(text)
    told = f"JSON has no {word}: write null for a value that is missing"
    assert (caught.value.hint == told) is bool(word)
