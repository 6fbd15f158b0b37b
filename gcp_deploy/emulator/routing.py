"""From a request line to the handler of an API method.

A template is a path whose segments are literal, ``{name}`` (one segment) or ``{name**}`` (the rest,
at the end); the last one may carry a custom verb: ``/v1/{parent}/models:upload``,
``/v1/projects/{project}/models/{model}:predict``. Paths are matched as they were sent and decoded
afterwards, so that an encoded slash in an object name separates nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from gcp_deploy.emulator.messages import Response
from gcp_deploy.emulator.problems import Envelope, invalid

Handler = Callable[..., "Response | Mapping[str, Any]"]
"""``handler(platform, request, **names of the template) -> Response | JSON object``."""

_FIELD = re.compile(r"\{(\w+)(\*\*)?\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One template of one API method."""

    api_method: str
    http_method: str
    pattern: re.Pattern[str]
    weight: tuple[int, ...]
    """Literal segments sort before fields, fields with a verb before bare ones, the rest last."""
    handler: Handler


class Routes:
    """The methods of one API, and how it writes its errors."""

    def __init__(self, envelope: Envelope, routes: Iterable[Route] = ()) -> None:
        self.envelope = envelope
        self._routes = list(routes)

    def add(
        self, api_method: str, http_method: str, *templates: str
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function as *api_method*, under each of *templates*."""

        def register(handler: Handler) -> Handler:
            for template in templates:
                pattern, weight = _compile(template)
                self._routes.append(Route(api_method, http_method, pattern, weight, handler))
            self._routes.sort(key=lambda route: route.weight)
            return handler

        return register

    def include(self, other: "Routes") -> None:
        """Take the routes of another table: a package may spread its handlers over files."""
        self._routes.extend(other)
        self._routes.sort(key=lambda route: route.weight)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def match(self, http_method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route and the decoded fields of *path*, or None."""
        for route in self._routes:
            if route.http_method == http_method and (found := route.pattern.fullmatch(path)):
                fields = {name: decode(text) for name, text in found.groupdict().items()}
                return route, fields
        return None

    def api_methods(self) -> frozenset[str]:
        """Return the names of all methods served."""
        return frozenset(route.api_method for route in self._routes)


def decode(text: str) -> str:
    """Return a path segment percent-decoded once; Problem 400 when that is not UTF-8."""
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise invalid("The path of the request is not valid UTF-8.") from error


def _compile(template: str) -> tuple[re.Pattern[str], tuple[int, ...]]:
    expression, weight = "", []
    for segment in template.removeprefix("/").split("/"):
        field = _FIELD.match(segment)
        if field is None:
            expression += "/" + re.escape(segment)
            weight.append(0)
            continue
        name, rest = field.groups()
        verb = segment[field.end() :]
        expression += f"/(?P<{name}>{'.+' if rest else '[^/]+'})" + re.escape(verb)
        weight.append(3 if rest else 1 if verb else 2)
    return re.compile(expression, re.DOTALL), tuple(weight)
