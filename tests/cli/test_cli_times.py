"""Points in time as people type them."""

from datetime import UTC, datetime

import pytest

from gcp_deploy.cli import times
from gcp_deploy.errors import UsageError

FAR = "9999-12-31T23:59:59-12:00"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-11-03T14:02:00Z", "2026-11-03T14:02:00+00:00"),
        ("2026-11-03T14:02:00.5Z", "2026-11-03T14:02:00.500000+00:00"),
        ("2026-11-03T14:02:00+01:00", "2026-11-03T13:02:00+00:00"),
        ("2026-11-03 14:02", "2026-11-03T14:02:00+00:00"),
        ("2026-11-03 14:02 UTC", "2026-11-03T14:02:00+00:00"),
        ("2026-11-03 14:02:00 UTC", "2026-11-03T14:02:00+00:00"),
        ("2026-11-03", "2026-11-03T00:00:00+00:00"),
        ("2h ago", "2026-11-25T10:00:00+00:00"),
        ("1h30m ago", "2026-11-25T10:30:00+00:00"),
        ("1h 30m ago", "2026-11-25T10:30:00+00:00"),
        ("now", "2026-11-25T12:00:00+00:00"),
    ],
)
def test_time_is_read(text, means):
    assert times.parse(text, NOW).isoformat() == means


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "14:02",
        "ago",
        "two hours ago",
        "2026-13-01",
        "31d ago",
        "\x1b",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
    ],
)
def test_what_is_no_time_is_told(text):
    with pytest.raises(UsageError) as caught:
        times.parse(text, NOW)
    assert repr(text) in caught.value.message
    assert "2h ago" in caught.value.hint


@pytest.mark.parametrize("text", ["2026-11-25 12:01", "2026-11-25T12:00:00-01:00"])
def test_the_future_is_nobodys(text):
    with pytest.raises(UsageError, match="still to come"):
        times.parse(text, NOW)


def test_a_shown_time_can_be_typed():
    assert times.parse(times.show(NOW), NOW) == NOW
