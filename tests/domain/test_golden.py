import pytest

from gcp_deploy.domain import golden
from gcp_deploy.domain.golden import GoldenRows
from gcp_deploy.errors import UsageError


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (1, 1.0),
        (0.1 + 0.2, 0.3),
        (1e12, 1e12 + 1),
        ("a", "a"),
        ([1, [2.0]], [1.0, [2]]),
        ({"a": 1}, {"a": 1.0}),
        (None, None),
        (True, True),
    ],
)
def test_equal_answers(want, got):
    assert golden.equal(want, got)


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (1, 2),
        (1, "1"),
        (1, True),
        (0, False),
        (0, None),
        (1.0, 1.0001),
        (float("nan"), float("nan")),
        ("a", "b"),
        ([1], [1, 1]),
        ({"a": 1}, {"b": 1}),
        ([], {}),
    ],
)
def test_other_answers(want, got):
    assert not golden.equal(want, got)


def test_differences_name_the_row():
    assert golden.differences([1, "a"], [1, "b"]) == ['row 1: "b" instead of "a"']
    assert golden.differences([1], []) == ["0 predictions for 1 rows"]


def test_rows_are_read_as_they_are_written_and_the_same_rows_are_the_same_bytes():
    rows = GoldenRows(([1, "ä"], {"b": 1, "a": None}), ("x", 2.5), "file")
    assert golden.decode(rows.encode()) == rows
    assert rows.digest == GoldenRows(([1, "ä"], {"a": None, "b": 1}), ("x", 2.5), "file").digest


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"instances": [1], "predictions": []}', b"\xff"]
)
def test_what_are_no_golden_rows(data):
    with pytest.raises(UsageError):
        golden.decode(data)
