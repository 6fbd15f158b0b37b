"""Addresses, versions, retries and errors of the client."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import responses

from gcp_deploy.client import (
    BadInstances,
    ModelFailed,
    NotFound,
    PermissionDenied,
    PredictionClient,
    RequestsTransport,
    TemporaryError,
    Unauthenticated,
    UsageError,
)
from gcp_deploy.client.tokens import may_have_token
from gcp_deploy.errors import BadName

PARENT = "http://127.0.0.1:1/v1/projects/my-project/locations/us-central1"


def test_a_prediction_says_who_gave_it(kit):
    transport = kit.Transport()
    with kit.client(transport) as client:
        answer = client.predict([[1], [2]])
    assert answer.predictions == [[1], [2]]
    assert (answer.model, answer.version, answer.deployed_model) == ("churn", "1", "11")
    assert [one[1] for one in transport.requests] == [
        f"{PARENT}/endpoints/churn",
        f"{PARENT}/endpoints/churn:predict",
    ]
    assert transport.closed
    assert "authorization" not in transport.requests[1][2]


def test_the_endpoint_is_resolved_once(kit):
    transport = kit.Transport()
    client = kit.client(transport)
    client.predict([1])
    client.predict([1])
    assert [one[0] for one in transport.requests] == ["GET", "POST", "POST"]


def test_a_version_is_asked_for_until_it_is_the_one_that_answers(kit):
    split = {"11": 99, "22": 1}
    resource = kit.endpoint | {"trafficSplit": split}
    turns = iter(["1", "1", "2"])
    transport = kit.Transport(
        *[lambda rows: kit.reply({"predictions": rows, "modelVersionId": next(turns)})] * 3,
        resource=resource,
    )
    assert kit.client(transport).predict([1], version="2").version == "2"
    assert len(transport.posts()) == 3


def test_a_version_without_traffic_cannot_be_asked(kit):
    resource = kit.endpoint | {"trafficSplit": {"11": 100}}
    transport = kit.Transport(lambda rows: kit.reply({"predictions": rows}), resource=resource)
    with pytest.raises(UsageError, match="churn@2 has no traffic"):
        kit.client(transport).predict([1], version="2")
    assert transport.posts() == []


@pytest.mark.parametrize("scheme", ["", "https://"])
def test_the_dedicated_host_gets_the_token(kit, scheme):
    class Credentials:
        valid, token = True, "secret"

    host = "churn.us-central1-1.prediction.vertexai.goog"
    resource = kit.endpoint | {"dedicatedEndpointDns": scheme + host}
    transport = kit.Transport(resource=resource)
    changes = {"endpoints": kit.settings().endpoints.__class__()}
    kit.client(transport, changes=changes, credentials=Credentials()).predict([1])
    (_, url, headers, _, _) = transport.posts()[0]
    assert url.startswith(f"https://{host}/v1/projects/my-project/")
    assert headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://us-central1-aiplatform.googleapis.com/v1", True),
        ("https://x.prediction.vertexai.goog/v1", True),
        ("http://us-central1-aiplatform.googleapis.com/v1", False),
        ("https://googleapis.com.example.com/", False),
        ("https://evilgoogleapis.com/", False),
        ("https://user@x.googleapis.com/", False),
        ("http://127.0.0.1:8080", False),
    ],
)
def test_tokens_go_to_google_over_https_only(url, may):
    assert may_have_token(url) is may


def test_a_refused_token_is_fetched_anew_once(kit):
    class Credentials:
        valid, token, refreshed = True, "old", 0

        def refresh(self, _):
            self.token = "new"

    credentials = Credentials()
    changes = {"endpoints": kit.settings().endpoints.__class__()}
    refused = kit.reply({"error": {"code": 401, "message": "expired"}}, 401)
    transport = kit.Transport(refused)
    kit.client(transport, changes=changes, credentials=credentials).predict([1])
    assert [one[2]["authorization"] for one in transport.posts()] == ["Bearer old", "Bearer new"]
    transport = kit.Transport(refused, refused)
    with pytest.raises(Unauthenticated, match="expired"):
        kit.client(transport, changes=changes, credentials=Credentials()).predict([1])


def test_a_version_that_is_not_deployed_is_looked_for_again_and_told(kit):
    transport = kit.Transport()
    with pytest.raises(NotFound, match="churn@3 is not deployed; deployed: 1, 2"):
        kit.client(transport).predict([1], version="3")
    assert transport.posts() == []


def test_the_legacy_service_is_asked_by_model_or_version(kit):
    resource = {"name": "projects/p/models/churn", "defaultVersion": {"name": "x/versions/v1"}}
    transport = kit.Transport(
        *[lambda rows: kit.reply({"predictions": rows})] * 2, resource=resource
    )
    client = kit.client(transport, changes={"protocol": "ml-engine", "platform": "ml-engine"})
    assert client.predict([1]).version == "v1"
    assert client.predict([1], version="v2").version == "v2"
    base = "http://127.0.0.1:1/v1/projects/my-project/models/churn"
    assert [one[1] for one in transport.posts()] == [
        f"{base}:predict",
        f"{base}/versions/v2:predict",
    ]


def test_the_legacy_service_at_google_is_refused(kit):
    changes = {"protocol": "ml-engine", "platform": "ml-engine"}
    changes["endpoints"] = kit.settings().endpoints.__class__()
    with pytest.raises(UsageError, match="2025-01-31"):
        kit.client(kit.Transport(), changes=changes).predict([1])


def test_without_a_running_platform_the_hint_says_how_to_start_one(kit, tmp_path):
    changes = {"platform": "local", "state_dir": tmp_path}
    changes["endpoints"] = kit.settings().endpoints.__class__()
    with pytest.raises(UsageError, match="no embedded platform is running") as caught:
        kit.client(kit.Transport(), changes=changes).predict([1])
    assert caught.value.hint == "gcp-deploy local up"


def test_the_running_platform_is_asked_in_its_own_project(kit, tmp_path):
    content = {
        "schema_version": 1,
        "pid": os.getpid(),
        "urls": dict.fromkeys(("storage", "aiplatform", "ml"), "http://127.0.0.1:5"),
        "project": "its-project",
        "project_number": "1",
        "region": "europe-west4",
        "bucket": "local-models",
    }
    (tmp_path / "platform.json").write_text(json.dumps(content))
    changes = {"platform": "local", "state_dir": tmp_path, "sources": {"region": "--region"}}
    changes["endpoints"] = kit.settings().endpoints.__class__()
    transport = kit.Transport()
    kit.client(transport, changes=changes).predict([1])
    assert transport.posts()[0][1].startswith(
        "http://127.0.0.1:5/v1/projects/its-project/locations/us-central1/endpoints/churn"
    )


def test_anonymous_credentials_send_nothing(kit):
    class Anonymous:
        valid, token = True, None

    transport = kit.Transport()
    changes = {"endpoints": kit.settings().endpoints.__class__()}
    kit.client(transport, changes=changes, credentials=Anonymous()).predict([1])
    assert "authorization" not in transport.posts()[0][2]


@pytest.mark.parametrize("model", ["No Way", "a/b", "1x"])
def test_a_name_that_is_no_model_name_is_refused(kit, model):
    with pytest.raises(BadName, match=model):
        kit.client(kit.Transport(), model=model).predict([1])


@pytest.mark.parametrize(
    ("found", "error", "told"),
    [(["churn"], None, ""), ([], NotFound, "no model"), (["a", "b"], UsageError, "a, b")],
)
def test_without_a_name_the_only_model_is_asked(kit, found, error, told):
    def resource(url):
        if url.endswith("/models"):
            return {"models": [{"name": f"projects/1/models/{one}"} for one in found]}
        return kit.endpoint

    client = kit.client(kit.Transport(resource=resource), model=None)
    if error:
        with pytest.raises(error, match=told):
            client.predict([1])
    else:
        assert client.predict([1]).model == "churn"


def test_parts_by_different_versions_are_told(kit):
    rows = ["x" * 700_000, "y" * 700_000, "z" * 700_000]
    transport = kit.Transport(lambda one: kit.predict(one, "1"), lambda one: kit.predict(one, "2"))
    answer = kit.client(transport).predict(rows)
    assert answer.predictions == rows
    assert (answer.version, answer.deployed_model) == ("", "")
    assert answer.versions[:2] == ("1", "2")


def test_an_answer_over_the_limit_is_asked_for_in_halves(kit):
    large = {"error": {"message": "Response size too large. Received at least 9 bytes; max is 8."}}
    transport = kit.Transport(kit.reply(large, 400))
    assert kit.client(transport).predict([1, 2, 3]).predictions == [1, 2, 3]
    assert len(transport.posts()) == 3


def test_what_is_transient_is_asked_again_with_jitter_and_retry_after(kit):
    time = kit.Time()
    busy = kit.reply({"error": {"message": "busy"}}, 503)
    later = kit.reply({"error": {"message": "later"}}, 429, **{"retry-after": "3"})
    transport = kit.Transport(busy, kit.lost(), later, kit.reply(b"<html>", 502))
    assert kit.client(transport, time).predict([1]).predictions == [1]
    assert time.slept == [0.125, 0.25, 3.5, 1.0]


@pytest.mark.parametrize(
    "answer", [b'{"predictions": [1', b"", b"<html>hello</html>", b"[]", b"null"]
)
def test_a_200_that_is_no_json_is_asked_again_once(kit, answer):
    client = kit.client(kit.Transport(kit.reply(answer)))
    assert client.predict([1]).predictions == [1]
    client = kit.client(kit.Transport(kit.reply(answer), kit.reply(answer)))
    with pytest.raises(TemporaryError, match="no JSON object"):
        client.predict([1])


def test_a_500_is_asked_again_once(kit):
    broken = kit.reply({"error": {"message": "broken"}}, 500)
    transport = kit.Transport(broken, broken)
    with pytest.raises(TemporaryError, match="model churn: broken"):
        kit.client(transport).predict([1])
    assert len(transport.posts()) == 2


def test_the_deadline_ends_it_and_the_last_answer_is_told(kit):
    time = kit.Time()
    cold = kit.reply({"error": {"message": "Model is not yet ready for inference."}}, 429)
    with pytest.raises(TemporaryError, match="not yet ready") as caught:
        kit.client(kit.Transport(*[cold] * 20), time).predict([1], timeout=2)
    assert "some minutes" in caught.value.hint
    assert sum(time.slept) < 2


def test_a_retry_after_of_a_day_ends_it_at_once(kit):
    time = kit.Time()
    later = kit.reply({"error": "later"}, 503, **{"retry-after": "86400"})
    with pytest.raises(TemporaryError, match="later"):
        kit.client(kit.Transport(later), time).predict([1])
    assert time.slept == []


@pytest.mark.parametrize(
    ("status", "content", "error", "told"),
    [
        (
            400,
            {"error": {"message": '"Prediction failed: X has 2 features\\u001b[0m"\n'}},
            BadInstances,
            "model churn: Prediction failed: X has 2 features",
        ),
        (400, {"error": "Prediction failed: bad"}, BadInstances, "model churn: Prediction failed"),
        (200, {"error": "Prediction failed: bad"}, BadInstances, "Prediction failed: bad"),
        (400, b"<html><head>x</head><b>Bad Gate</b></html>", BadInstances, "Bad Gate"),
        (
            400,
            {"error": {"message": 'Endpoint misconfigured, "traffic_split" not set.'}},
            UsageError,
            "no traffic",
        ),
        (
            403,
            {"error": {"message": "Permission 'aiplatform.endpoints.predict' denied on x"}},
            PermissionDenied,
            "denied",
        ),
        (404, {"error": {"message": "gone"}}, NotFound, "gone"),
        (413, b"", BadInstances, "HTTP 413"),
        (302, b"", UsageError, "HTTP 302"),
        (200, {"predictions": [1, 2]}, ModelFailed, "2 predictions for 1 rows"),
        (200, {"predictions": 3}, TemporaryError, "no list"),
    ],
)
def test_a_refusal_is_a_typed_error_with_the_servers_words(kit, status, content, error, told):
    transport = kit.Transport(kit.reply(content, status))
    with pytest.raises(error) as caught:
        kit.client(transport).predict([1])
    assert told in caught.value.message
    assert "\x1b" not in caught.value.message
    assert len(transport.posts()) == 1


def test_nan_in_an_answer_is_read(kit):
    answer = kit.client(kit.Transport(kit.reply(b'{"predictions": [NaN]}'))).predict([1])
    assert answer.predictions[0] != answer.predictions[0]


def test_threads_share_a_client_and_its_connections(kit, server):
    chosen = kit.settings()
    with (
        PredictionClient("churn", settings=chosen, endpoint_url=server.url) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        answers = list(pool.map(lambda number: client.predict([number]), range(40)))
    assert [one.predictions for one in answers] == [[number] for number in range(40)]
    assert server.connections <= 5


def test_nobody_listening_is_a_temporary_error(kit, server):
    time = kit.Time()
    with (
        PredictionClient(
            "churn", settings=kit.settings(), timing=time.timing(), timeout=3
        ) as client,
        pytest.raises(TemporaryError, match=r"no answer from 127\.0\.0\.1:1") as caught,
    ):
        client.predict([1])
    assert not caught.value.answered


@responses.activate
def test_the_requests_transport_can_be_faked(kit):
    responses.get(f"{PARENT}/endpoints/churn", json=kit.endpoint)
    responses.post(f"{PARENT}/endpoints/churn:predict", status=503)
    responses.post(f"{PARENT}/endpoints/churn:predict", json={"predictions": [5]})
    with kit.client(RequestsTransport()) as client:
        assert client.predict([1]).predictions == [5]


def test_the_import_is_light():
    code = (
        "import sys; import gcp_deploy.client;"
        "heavy = {'requests', 'numpy', 'pandas', 'polars', 'google', 'google.auth', 'sklearn',"
        " 'gcp_deploy.ports', 'gcp_deploy.settings', 'tomllib'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("host", ["ml.googleapis.com", "us-central1-ml.googleapis.com"])
def test_the_legacy_service_at_googles_is_refused_also_when_it_is_named(kit, host):
    from gcp_deploy.settings import Endpoints

    changes = {
        "protocol": "ml-engine",
        "platform": "ml-engine",
        "endpoints": Endpoints(ml_url=f"https://{host}"),
    }
    with pytest.raises(UsageError, match="off on 2025-01-31"):
        kit.client(kit.Transport(), changes=changes).predict([1])
