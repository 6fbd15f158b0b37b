"""A REST API of Google's, by its static discovery document, with our retries and our errors."""

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, TypeVar

from googleapiclient import discovery

from gcp_deploy.adapters.answers import refused, translated, unreadable
from gcp_deploy.adapters.calls import Call
from gcp_deploy.adapters.http import RequestsHttp, Session, bounded
from gcp_deploy.adapters.refusals import read
from gcp_deploy.adapters.retries import Repeat, Retrier
from gcp_deploy.domain.cleaning import glimpse
from gcp_deploy.ports import Clock

Json = dict[str, Any]

_OURS = {"name", "predictions"}
"""An operation carries its error beside its name: that is no refusal of the call."""

_T = TypeVar("_T")


class GoogleApi:
    """``aiplatform`` or ``ml``, version v1, at *base_url*.

    Requests are built by :attr:`service`, which checks their parameters against the discovery
    document, and sent by :meth:`run`. Bodies are the JSON of the API: ours are made in ``wire``.
    """

    def __init__(
        self, name: str, base_url: str, *, session: Session, retrier: Retrier, clock: Clock
    ) -> None:
        self._name = name
        self._session = session
        self._retrier = retrier
        self._clock = clock
        self._base = base_url.rstrip("/") + "/"

    @cached_property
    def service(self) -> Any:
        """The collections of the API; made when first needed, as that takes a while."""
        return discovery.build(
            self._name,
            "v1",
            http=RequestsHttp(self._session),
            cache_discovery=False,
            static_discovery=True,
            client_options={"api_endpoint": self._base},
        )

    def run(self, request: Any, call: Call, *, host: str = "", key: str = "") -> Json:
        """Send *request*, to *host* instead of the base address when given; return the answer.

        An answer without *key* is none. Raises what :mod:`gcp_deploy.adapters.answers` makes of a
        refusal.
        """
        if host:
            path = request.uri.removeprefix(self._base)
            request.uri = f"{host.rstrip('/')}/{path}"
        repeat = Repeat.ALWAYS if call.safe else Repeat.NOT_BEGUN
        return self._retrier(lambda: self._once(request, call, key), repeat)

    def pages(
        self, request: Any, following: Callable[[Any, Json], Any], key: str, call: Call
    ) -> Iterator[Json]:
        """Yield what stands under *key* on all pages; an empty page may lack the key.

        *following* makes the request for the next page: the ``…_next`` method of the collection.
        """
        while request is not None:
            answer = self.run(request, call)
            yield from answer.get(key) or []
            request = following(request, answer)

    def send(self, url: str, body: bytes, content_type: str, call: Call) -> tuple[bytes, Json]:
        """POST *body* as it is to *url*; return the bytes and the headers of the answer."""
        return self._retrier(lambda: self._send(url, body, content_type, call))

    def url(self, name: str, verb: str, *, host: str = "") -> str:
        """Return the address of a method of the resource *name*."""
        return f"{(host or self._base).rstrip('/')}/v1/{name}:{verb}"

    def write(
        self,
        write: Callable[[], _T],
        find: Callable[[], _T | None],
        repeat: Repeat = Repeat.ALWAYS,
    ) -> _T:
        """Return what *write* returns, or what *find* finds of it when its answer was lost.

        *write* makes a call that is not safe to repeat; before it is made again, *find* looks
        whether the first one took effect, and returns None when there is no trace of it.
        """
        tried = False

        def attempt() -> _T:
            nonlocal tried
            if tried and (found := find()) is not None:
                return found
            tried = True
            return write()

        return self._retrier(attempt, repeat)

    def _once(self, request: Any, call: Call, key: str) -> Json:
        try:
            with translated(call, self._clock):
                answer = request.execute(num_retries=0)
        except (RecursionError, ValueError) as error:
            # Not UTF-8, nested too deeply, or with a number that has thousands of digits.
            raise unreadable(call, "JSON that cannot be read") from error
        if not isinstance(answer, dict):
            raise unreadable(call, f"{glimpse(str(answer).encode())!r} instead of JSON")
        if "error" in answer and not _OURS & answer.keys():
            # AI Platform's prediction service refuses with status 200, too.
            body = json.dumps(answer).encode()
            raise refused(read(400, {}, body, now=self._clock.now()), call)
        if key and key not in answer:
            raise unreadable(call, f"an object without {key!r}")
        return answer

    def _send(self, url: str, body: bytes, content_type: str, call: Call) -> tuple[bytes, Json]:
        with translated(call, self._clock):
            answer = self._session.request(
                "POST", url, data=body, headers={"Content-Type": content_type}, stream=True
            )
            with answer:
                content = bounded(answer)
        if answer.status_code != 200:
            now = self._clock.now()
            raise refused(read(answer.status_code, answer.headers, content, now=now), call)
        return content, {key.lower(): value for key, value in answer.headers.items()}
