"""From a request to an answer: finds the method, calls its handler, renders what it raises.

Faults, delays and a request log have one place: an :data:`Interceptor` around every call. It knows
the API method (``request.api_method``), may answer itself, raise a Problem or
:class:`~gcp_deploy.emulator.http.CutConnection`, or wrap the request's body and the answer's.
"""

import importlib
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from gcp_deploy.emulator.http import CutConnection
from gcp_deploy.emulator.messages import Request, Response, json_response
from gcp_deploy.emulator.problems import Code, Envelope, Problem, rpc_envelope
from gcp_deploy.emulator.routing import Route, Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.operations import Work
    from gcp_deploy.emulator.platform import Platform

logger = logging.getLogger(__name__)


class Package(Protocol):
    """One API: what ``gcp_deploy.emulator.storage``, ``.aiplatform`` and ``.ml`` hold."""

    ROUTES: Routes
    WORKS: "Mapping[str, Work]"


PackageOf = Callable[[str], Package]
"""Gives a package by its name; packages are imported when they are first needed."""

Call = Callable[[Request], Response]
Interceptor = Callable[[Request, Call], Response]
"""``interceptor(request, call) -> Response``; ``call(request)`` runs the API method."""


def load(name: str) -> Package:
    """Import an API of the platform."""
    return cast("Package", importlib.import_module(f"gcp_deploy.emulator.{name}"))


class Application:
    """All APIs on one port; their paths do not collide."""

    def __init__(self, platform: "Platform", package_of: PackageOf) -> None:
        self._platform = platform
        self._package_of = package_of
        self.interceptor: Interceptor | None = None

    def __call__(self, request: Request) -> Response:
        """Answer *request*; only what ends the connection is raised."""
        try:
            return self._answer(request)
        except (ConnectionError, TimeoutError, CutConnection):
            raise
        except Exception:  # a fault of ours is a 500, as it would be in the service
            logger.exception("%s broke", request.api_method or "finding a method")
            problem = Problem(Code.INTERNAL, "Internal error encountered.")
            return _failure(problem, rpc_envelope(problem))

    def _answer(self, request: Request) -> Response:
        envelope: Envelope = rpc_envelope
        try:
            if request.path == "/" and request.method == "GET":
                return json_response(self._platform.describe())
            routes, route, fields = self._find(request)
            envelope = routes.envelope
            request.api_method = route.api_method
            call = partial(self._call, route, fields)
            return call(request) if self.interceptor is None else self.interceptor(request, call)
        except Problem as problem:
            body = b"" if problem.http_status == 304 else envelope(problem)
            return _failure(problem, body)

    def _call(self, route: Route, fields: Mapping[str, str], request: Request) -> Response:
        answer = route.handler(self._platform, request, **fields)
        return answer if isinstance(answer, Response) else json_response(answer)

    def _find(self, request: Request) -> tuple[Routes, Route, dict[str, str]]:
        method = "GET" if request.method == "HEAD" else request.method
        for name in _candidates(request.path):
            routes = self._package_of(name).ROUTES
            if found := routes.match(method, request.path):
                return routes, *found
        raise Problem(Code.NOT_FOUND, "The requested URL was not found on this server.")


def _candidates(path: str) -> tuple[str, ...]:
    """Return the packages that may serve *path*, the likely one first."""
    match path.split("/")[1:5]:
        case ["v1", "projects", _, "locations", *_]:
            return ("aiplatform", "ml")
        case ["v1", *_]:
            return ("ml", "aiplatform")
        case ["v1beta1" | "ui", *_]:
            return ("aiplatform",)
    return ("storage",)


def _failure(problem: Problem, body: bytes | Mapping[str, Any]) -> Response:
    headers = list(problem.headers.items())
    if isinstance(body, bytes):
        return Response(problem.http_status, headers, body)
    return json_response(body, status=problem.http_status, headers=headers)
