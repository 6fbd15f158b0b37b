"""ml v1 through google-api-python-client and its static discovery document."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gcp_deploy.emulator.platform import Platform
from tests.emulator.ml_driver import HERE, Driver, classifier


class Transport:
    """Requests in place of httplib2, as much as the client asks of it."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self.redirect_codes: frozenset[int] = frozenset()

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_more: Any
    ) -> tuple[Any, bytes]:
        import httplib2

        answer = self._session.request(method, uri, data=body, headers=headers)
        fields = {"status": str(answer.status_code), **answer.headers}
        return httplib2.Response(fields), answer.content

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def projects(platform: Platform, http: requests.Session) -> Iterator[Any]:
    from googleapiclient import discovery

    service = discovery.build(
        "ml",
        "v1",
        static_discovery=True,
        http=Transport(http),
        client_options={"api_endpoint": platform.urls["ml"]},
    )
    yield service.projects()
    service.close()


def test_the_whole_story_with_the_discovery_client(projects, platform, http):
    driver = Driver(http, platform)
    models, versions = projects.models(), projects.models().versions()
    models.create(parent=HERE, body={"name": "churn"}).execute()
    for name, high in (("v1", "yes"), ("v2", "maybe")):
        driver.store(f"churn/{high}/model.joblib", classifier(high))
        body = {
            "name": name,
            "deploymentUri": f"gs://local-models/churn/{high}",
            "framework": "SCIKIT_LEARN",
            "runtimeVersion": "2.11",
        }
        begun = versions.create(parent=f"{HERE}/models/churn", body=body).execute()
        driver.wait(projects.operations().get(name=begun["name"]).execute())
    asked = {"instances": [[3.0]]}
    answer = projects.predict(name=f"{HERE}/models/churn", body=asked).execute()
    assert answer == {"predictions": ["yes"]}
    second = f"{HERE}/models/churn/versions/v2"
    assert versions.setDefault(name=second, body={}).execute()["isDefault"] is True
    assert projects.predict(name=second, body=asked).execute() == {"predictions": ["maybe"]}
    listed = versions.list(parent=f"{HERE}/models/churn", pageSize=1).execute()
    more = versions.list_next(versions.list(parent=f"{HERE}/models/churn", pageSize=1), listed)
    assert [one["name"] for one in more.execute()["versions"]] == [second]
    versions.delete(name=f"{HERE}/models/churn/versions/v1").execute()
    versions.delete(name=second).execute()
    models.delete(name=f"{HERE}/models/churn").execute()
    assert models.list(parent=HERE).execute() == {}


def test_every_method_of_ours_is_one_of_the_document():
    from importlib import resources
    from json import load

    from gcp_deploy.emulator import ml

    path = "discovery_cache/documents/ml.v1.json"
    document = load(io.BytesIO(resources.files("googleapiclient").joinpath(path).read_bytes()))

    def ids(part: Any) -> Iterator[str]:
        for method in part.get("methods", {}).values():
            yield method["id"]
        for resource in part.get("resources", {}).values():
            yield from ids(resource)

    known = {
        name.replace("ml.projects.", "ml.").replace("ml.models.versions.", "ml.versions.")
        for name in ids(document)
    }
    ours = {name.replace("ml.projects.", "ml.") for name in ml.ROUTES.api_methods()}
    assert ours <= known
