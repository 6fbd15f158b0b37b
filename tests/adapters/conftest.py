"""A clock that nobody waits for, and platforms whose HTTP is faked by ``responses``."""

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import responses

from gcp_deploy.adapters.connect import connect

LOCAL = "http://127.0.0.1:9999"


class FakeClock:
    def __init__(self):
        self.time = 1_000.0
        self.slept = []

    def now(self):
        return datetime(2026, 11, 25, 12, tzinfo=UTC) + timedelta(seconds=self.time - 1_000)

    def monotonic(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def http():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as fake:
        yield fake


@pytest.fixture
def ports(clock):
    """Connect to a platform on loopback: ``ports("ml-engine")``."""

    opened = contextlib.ExitStack()

    def build(platform="aiplatform", **options):
        arguments = {
            "project": "demo-project",
            "region": "us-central1",
            "bucket": "demo-bucket",
            "storage_url": LOCAL,
            "aiplatform_url": LOCAL,
            "ml_url": LOCAL,
            "deadline": timedelta(seconds=60),
            "clock": clock,
            "random": lambda: 1.0,
        }
        return opened.enter_context(connect(platform, **{**arguments, **options}))

    with opened:
        yield build


@pytest.fixture
def no_credentials(monkeypatch, tmp_path: Path):
    """A machine on which nobody is logged in."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
