"""Google's discovery client against aiplatform of the embedded platform."""

import pytest
from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.emulator.aiplatform_driver import (
    NUMBERED,
    PLACE,
    PREBUILT,
    RESOURCES,
    SERVING,
    Driver,
    classifier,
)


@pytest.fixture
def api(http, url):
    return Driver(http, url)


@pytest.fixture
def locations(url):
    with build(
        "aiplatform",
        "v1",
        static_discovery=True,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": url},
    ) as service:
        yield service.projects().locations()


def upload_body(model, image, **request):
    spec = {"imageUri": image}
    if image == SERVING:
        spec |= {"predictRoute": "/predict"}
    resource = {
        "displayName": model,
        "artifactUri": f"gs://local-models/{model}/yes/",
        "containerSpec": spec,
    }
    return {"model": resource, **request}


def test_the_whole_story_through_the_discovery_client(api, locations, url):
    api.upload("seed")
    models, endpoints = locations.models(), locations.endpoints()
    api.store("churn/yes/model.joblib", classifier())
    body = upload_body("churn", SERVING, modelId="churn")
    operation = models.upload(parent=PLACE, body=body).execute()
    assert models.operations().get(name=operation["name"]).execute()["done"] is True
    name = operation["response"]["model"]
    models.upload(parent=PLACE, body=upload_body("churn", SERVING, parentModel=name)).execute()
    versions = models.listVersions(name=name).execute()["models"]
    assert [version["versionId"] for version in versions] == ["2", "1"]
    assert models.get(name=f"{name}@2").execute()["versionId"] == "2"
    operation = endpoints.create(
        parent=PLACE,
        endpointId="churn",
        body={"displayName": "churn", "dedicatedEndpointEnabled": True},
    ).execute()
    endpoint = operation["response"]["name"]
    assert endpoint == f"{NUMBERED}/endpoints/churn"
    deployed = {"model": f"{name}@1", **RESOURCES}
    operation = endpoints.deployModel(
        endpoint=endpoint, body={"deployedModel": deployed, "trafficSplit": {"0": 100}}
    ).execute()
    operation = endpoints.operations().wait(name=operation["name"], timeout="60s").execute()
    identity = operation["response"]["deployedModel"]["id"]
    found = endpoints.get(name=endpoint).execute()
    changed = endpoints.patch(
        name=endpoint,
        updateMask="trafficSplit",
        body={"trafficSplit": {identity: 100}, "etag": found["etag"]},
    ).execute()
    assert changed["trafficSplit"] == {identity: 100}
    merged = models.mergeVersionAliases(
        name=f"{name}@2", body={"versionAliases": ["default"]}
    ).execute()
    assert merged["versionAliases"] == ["default"]
    with pytest.raises(HttpError, match="dedicated DNS name") as caught:
        endpoints.predict(endpoint=endpoint, body={"instances": [[3.0]]}).execute()
    assert caught.value.resp.status == 400
    host = f"http://{found['dedicatedEndpointDns']}"
    with build(
        "aiplatform",
        "v1",
        static_discovery=True,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": host},
    ) as service:
        own = service.projects().locations().endpoints()
        answer = own.predict(endpoint=endpoint, body={"instances": [[3.0]]}).execute()
        assert (answer["predictions"], answer["modelVersionId"]) == (["yes"], "1")


def test_refusals_carry_status_and_message(api, locations):
    api.upload("churn")
    with pytest.raises(HttpError) as caught:
        locations.models().upload(
            parent=PLACE, body=upload_body("churn", PREBUILT, modelId="churn")
        ).execute()
    assert caught.value.resp.status == 409
    assert "already exists" in caught.value.reason
    with pytest.raises(HttpError) as caught:
        locations.models().deleteVersion(name=f"{PLACE}/models/churn@1").execute()
    assert caught.value.resp.status == 400
