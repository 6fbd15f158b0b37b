"""How many HTTP calls each command makes, counted by a proxy in front of the embedded platform."""

import http.client
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from scripts.benchmarks.commands import STORY, train
from scripts.benchmarks.embedded import Platform, running
from scripts.benchmarks.measuring import COMMAND, Row, Samples, run

VARIABLES = {
    "storage": "STORAGE_EMULATOR_HOST",
    "aiplatform": "GCP_DEPLOY_AIPLATFORM_ENDPOINT",
    "ml": "GCP_DEPLOY_ML_ENDPOINT",
}
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Forwarder(BaseHTTPRequestHandler):
    """Passes a request on, unchanged, and counts it."""

    protocol_version = "HTTP/1.1"
    upstream: ClassVar[str]
    counted: ClassVar[Counter[str]]

    def forward(self) -> None:
        """Send the request to the platform and its answer back."""
        self.counted[self.command] += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            # Host stays that of the proxy, so that links in answers lead here again.
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Serve every method alike: the server looks for ``do_GET`` and so on."""
        if name.startswith("do_"):
            return self.forward
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Say nothing."""


@contextmanager
def counting(upstream: str, counted: Counter[str]) -> Iterator[str]:
    """Stand in front of *upstream*; yield the address to call instead."""
    handler = type("Handler", (Forwarder,), {"upstream": upstream, "counted": counted})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def target(platform: Platform) -> dict[str, str]:
    """Return the settings that make the running platform look like the cloud."""
    return {
        "GCP_DEPLOY_PLATFORM": "aiplatform",
        "GCP_DEPLOY_PROJECT": platform.project,
        "GCP_DEPLOY_REGION": platform.region,
        "GCP_DEPLOY_BUCKET": platform.bucket,
    }


def measure(repetitions: int) -> Iterator[Row]:
    """Tell the story through the proxies, several times.

    How often a candidate at 1 % is asked until it answers is a matter of chance.
    """
    samples = Samples("calls", "HTTP calls")
    for _ in range(repetitions):
        count(samples)
    for name in samples.values:
        yield samples.row(name)


def count(samples: Samples) -> None:
    """Tell the story once, in a fresh state directory."""
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as proxies:
        directory = Path(folder)
        train(directory)
        platform = proxies.enter_context(running(directory))
        extra = target(platform) | {
            VARIABLES[api]: proxies.enter_context(counting(urlsplit(url).netloc, counted))
            for api, url in platform.urls.items()
            if api in VARIABLES
        }
        for name, arguments in STORY.items():
            counted.clear()
            run([COMMAND, *arguments], directory=directory, extra=extra)
            samples.add(name, counted.total())
        counted.clear()
        run([COMMAND, *STORY["deploy"]], directory=directory, extra=extra)
        samples.add("deploy again, unchanged", counted.total())
