from datetime import timedelta

import pytest

from gcp_deploy.adapters.connect import connect
from gcp_deploy.adapters.spacing import Spacing
from gcp_deploy.domain.release import Capabilities
from gcp_deploy.errors import Unauthenticated, UsageError


def test_loopback_needs_no_credentials(no_credentials, ports):
    assert ports("aiplatform").account == ""
    assert ports("ml-engine").account == ""


def test_the_cloud_needs_credentials(no_credentials, ports):
    with pytest.raises(Unauthenticated):
        ports("aiplatform", aiplatform_url="")


@pytest.mark.parametrize(
    ("platform", "capabilities"),
    [
        ("aiplatform", Capabilities(endpoints=True, splits=True, first_is_default=False)),
        ("ml-engine", Capabilities(endpoints=False, splits=False, first_is_default=True)),
    ],
)
def test_the_platforms_say_what_they_can(ports, platform, capabilities):
    assert ports(platform).registry.capabilities == capabilities


@pytest.mark.parametrize(
    "url", ["", "https://ml.googleapis.com", "https://us-central1-ml.googleapis.com/"]
)
def test_the_legacy_service_at_google_is_refused_with_the_way_out(no_credentials, clock, url):
    with pytest.raises(UsageError, match=r"switched .* off on 2025-01-31") as caught:
        connect(
            "ml-engine",
            project="demo-project",
            region="us-central1",
            bucket="demo-bucket",
            ml_url=url,
            deadline=timedelta(seconds=1),
            clock=clock,
            random=lambda: 1.0,
        )
    assert "aiplatform" in caught.value.hint
    assert "gcp-deploy local up" in caught.value.hint


def test_a_foreign_address_is_refused_before_anything_is_sent(ports):
    with pytest.raises(UsageError, match=r"no token is sent to evil\.example"):
        ports("aiplatform", storage_url="https://evil.example")


def test_calls_are_kept_apart(clock):
    spacing = Spacing(clock, 2.0)
    spacing.wait()
    clock.time += 0.5
    spacing.wait()
    clock.time += 10
    spacing.wait()
    assert clock.slept == [1.5]
