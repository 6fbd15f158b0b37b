"""A transport that answers from a list, a clock that nobody waits for, and a real server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gcp_deploy.client import PredictionClient, Reply, TemporaryError, Timing
from gcp_deploy.settings import Endpoints, Settings

ENDPOINT = {
    "name": "projects/123/locations/us-central1/endpoints/churn",
    "deployedModels": [
        {"id": "11", "modelVersionId": "1"},
        {"id": "22", "modelVersionId": "2"},
    ],
    "trafficSplit": {"11": 100},
}


class FakeTime:
    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def timing(self):
        return Timing(lambda: self.now, self.sleep, lambda: 0.5, lambda: 1_700_000_000.0)


class FakeTransport:
    """Answers GET of endpoint and model; for POST takes the next of *answers*, or predicts."""

    def __init__(self, *answers, resource=ENDPOINT):
        self.answers = list(answers)
        self.resource = resource
        self.requests = []
        self.closed = False

    def send(self, method, url, headers, body, timeout):
        self.requests.append((method, url, dict(headers), body, timeout))
        if method == "GET":
            found = self.resource(url) if callable(self.resource) else self.resource
            return found if isinstance(found, Reply) else reply(found)
        answer = self.answers.pop(0) if self.answers else predict
        if callable(answer):
            answer = answer(json.loads(body)["instances"])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed = True

    def posts(self):
        return [one for one in self.requests if one[0] == "POST"]


def reply(content, status=200, **headers):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Reply(status, body, headers)


def predict(instances, version="1"):
    return reply(
        {"predictions": instances, "modelVersionId": version, "deployedModelId": version * 2}
    )


def lost():
    return TemporaryError("no answer", answered=False)


def settings(tmp=Path("/nowhere"), **changes):
    base = {
        "target": "test",
        "platform": "aiplatform",
        "protocol": "aiplatform",
        "project": "my-project",
        "region": "us-central1",
        "bucket": "",
        "prefix": "gcp-deploy",
        "state_dir": tmp,
        "endpoints": Endpoints("", "http://127.0.0.1:1", "http://127.0.0.1:1"),
    }
    return Settings(**base | changes)


@pytest.fixture
def kit():
    """The things above, for tests that cannot import a conftest by name."""

    class Kit:
        Transport = FakeTransport
        Time = FakeTime
        endpoint = ENDPOINT
        reply = staticmethod(reply)
        predict = staticmethod(predict)
        lost = staticmethod(lost)
        settings = staticmethod(settings)

        @staticmethod
        def client(transport, time=None, *, model="churn", changes=None, **more):
            time = time or FakeTime()
            chosen = settings(**changes or {})
            return PredictionClient(
                model, transport=transport, settings=chosen, timing=time.timing(), **more
            )

    return Kit


class Server(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server():
    """A real server that predicts what it is asked, and counts its connections."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            super().setup()
            found.connections += 1

        def do_GET(self):
            self.answer(json.dumps(ENDPOINT).encode())

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            instances = json.loads(body)["instances"]
            self.answer(json.dumps({"predictions": instances, "modelVersionId": "1"}).encode())

        def answer(self, data):
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    found = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()
