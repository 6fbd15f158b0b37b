from datetime import date

import pytest

from gcp_deploy.domain.release import RuntimeKind
from gcp_deploy.domain.runtime import PREBUILT, Wanted, choose, prebuilt_image
from gcp_deploy.errors import ArtifactError, RuntimeSunset, UsageError

TODAY = date(2026, 11, 25)


def wanted(**changes):
    words = {"platform": "aiplatform", "project": "my-project", "region": "europe-west4"}
    return Wanted(**(words | changes))


def prebuilt(sklearn, today=TODAY, **changes):
    return choose(wanted(kind=RuntimeKind.PREBUILT, **changes), sklearn, today)


def test_our_own_image_carries_the_artifact_s_version():
    runtime, warnings = choose(wanted(), "1.9.1", TODAY)
    assert (
        runtime.image == "europe-west4-docker.pkg.dev/my-project/gcp-deploy/serving:sklearn-1.9.1"
    )
    assert warnings == ()


def test_an_image_that_is_named_is_taken():
    assert choose(wanted(image="x/y:1"), "1.9.1", TODAY)[0].image == "x/y:1"


def test_a_prebuilt_image_without_patches_is_taken_with_a_warning():
    runtime, warnings = prebuilt("1.5.2")
    assert runtime.image == "europe-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-5:latest"
    assert "ends on 2027-01-14, in 50 days" in warnings[0]


@pytest.mark.parametrize("sklearn", ["1.3.0", "1.2.2", "1.0.2"])
def test_a_prebuilt_image_that_is_gone_is_a_sunset(sklearn):
    with pytest.raises(RuntimeSunset, match="ended on") as caught:
        prebuilt(sklearn)
    assert caught.value.exit_code == 13


def test_the_last_day_is_still_served():
    last = PREBUILT["1.6"].available_until
    assert prebuilt("1.6.1", today=last)[0].image
    with pytest.raises(RuntimeSunset):
        prebuilt("1.6.1", today=date(2027, 10, 15))


def test_an_artifact_newer_than_every_prebuilt_image_is_told_what_to_do():
    with pytest.raises(ArtifactError, match="newest prebuilt image has 1.6"):
        prebuilt("1.9.1")
    with pytest.raises(ArtifactError, match="newer than the prebuilt image's 1.6"):
        prebuilt("1.9.1", runtime_version="1.6")


def test_an_image_that_never_was_is_told():
    with pytest.raises(UsageError, match="no prebuilt image for scikit-learn 1.1"):
        prebuilt("1.1.3")


@pytest.mark.parametrize(
    ("region", "where"),
    [
        ("us-central1", "us"),
        ("northamerica-northeast1", "us"),
        ("southamerica-east1", "us"),
        ("me-west1", "europe"),
        ("africa-south1", "europe"),
        ("asia-east1", "asia"),
        ("australia-southeast1", "asia"),
    ],
)
def test_every_region_has_a_repository(region, where):
    assert prebuilt_image("1.6", region).startswith(f"{where}-docker.pkg.dev/")


def test_the_legacy_service_has_runtime_versions():
    runtime, _ = choose(wanted(platform="ml-engine"), "1.9.1", TODAY)
    assert (runtime.kind, runtime.version, runtime.python) == (RuntimeKind.PREBUILT, "2.11", "3.7")
