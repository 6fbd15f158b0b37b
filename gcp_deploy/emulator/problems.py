"""What a handler raises when the answer is an error, and the shapes it takes on the wire.

A handler says *what* is wrong; the package it belongs to knows *how* its API writes errors:

- :func:`rpc_envelope` for ``aiplatform`` and ``ml`` (google.rpc.Status over HTTP);
- :func:`storage_envelope` for Cloud Storage JSON.

:class:`PredictionFailed` is the one exception: the legacy predict method answers a bare string.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any


class Code(Enum):
    """The canonical codes: number in an operation's error, HTTP status of an answer."""

    CANCELLED = (1, 499)
    UNKNOWN = (2, 500)
    INVALID_ARGUMENT = (3, 400)
    DEADLINE_EXCEEDED = (4, 504)
    NOT_FOUND = (5, 404)
    ALREADY_EXISTS = (6, 409)
    PERMISSION_DENIED = (7, 403)
    RESOURCE_EXHAUSTED = (8, 429)
    FAILED_PRECONDITION = (9, 400)
    ABORTED = (10, 409)
    OUT_OF_RANGE = (11, 400)
    UNIMPLEMENTED = (12, 501)
    INTERNAL = (13, 500)
    UNAVAILABLE = (14, 503)
    DATA_LOSS = (15, 500)
    UNAUTHENTICATED = (16, 401)

    @property
    def number(self) -> int:
        """The google.rpc code, as in an operation's ``error.code``."""
        return self.value[0]

    @property
    def http_status(self) -> int:
        """The HTTP status that carries this code."""
        return self.value[1]


class Problem(Exception):
    """An error answer.

    *http_status* overrides the status of *code*, where the API has one of its own (412, 416, 421).
    *reason* and *location* are Cloud Storage's words; *details* are google.rpc's.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        http_status: int = 0,
        reason: str = "",
        location: str = "",
        details: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or code.http_status
        self.reason = reason
        self.location = location
        self.details = tuple(details)
        self.headers = dict(headers or {})

    def status(self) -> dict[str, Any]:
        """Return the google.rpc.Status that an operation carries in ``error``."""
        status: dict[str, Any] = {"code": self.code.number, "message": self.message}
        if self.details:
            status["details"] = [dict(detail) for detail in self.details]
        return status


class PredictionFailed(Problem):
    """Legacy predict: HTTP 400 with ``{"error": "Prediction failed: ..."}``, a string."""

    def __init__(self, message: str, *, http_status: int = 400) -> None:
        super().__init__(Code.INVALID_ARGUMENT, message, http_status=http_status)


Envelope = Callable[[Problem], dict[str, Any]]


def rpc_envelope(problem: Problem) -> dict[str, Any]:
    """Return the error body of ``aiplatform`` and ``ml``: code, message, status, details."""
    if isinstance(problem, PredictionFailed):
        return {"error": problem.message}
    error: dict[str, Any] = {
        "code": problem.http_status,
        "message": problem.message,
        "status": problem.code.name,
    }
    if problem.details:
        error["details"] = [dict(detail) for detail in problem.details]
    return {"error": error}


_STORAGE_REASONS = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "conflict",
    411: "required",
    412: "conditionNotMet",
    413: "uploadTooLarge",
    416: "requestedRangeNotSatisfiable",
    429: "rateLimitExceeded",
    500: "internalError",
    501: "notImplemented",
    503: "backendError",
}


def storage_envelope(problem: Problem) -> dict[str, Any]:
    """Return the error body of Cloud Storage: code, message, errors."""
    item = {
        "message": problem.message,
        "domain": "global",
        "reason": problem.reason or _STORAGE_REASONS.get(problem.http_status, "invalid"),
    }
    if problem.location:
        item |= {"locationType": "header", "location": problem.location}
    return {
        "error": {"code": problem.http_status, "message": problem.message, "errors": [item]},
    }


def invalid(message: str, *, field: str = "") -> Problem:
    """Return 400 INVALID_ARGUMENT; *field* names the offending one in a BadRequest detail."""
    if not field:
        return Problem(Code.INVALID_ARGUMENT, message)
    violation = {"field": field, "description": message}
    detail = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [violation],
    }
    return Problem(Code.INVALID_ARGUMENT, message, details=[detail])


def not_found(message: str) -> Problem:
    """Return 404 NOT_FOUND."""
    return Problem(Code.NOT_FOUND, message)


def already_exists(message: str) -> Problem:
    """Return 409 ALREADY_EXISTS."""
    return Problem(Code.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> Problem:
    """Return 400 FAILED_PRECONDITION."""
    return Problem(Code.FAILED_PRECONDITION, message)


def aborted(message: str) -> Problem:
    """Return 409 ABORTED: a stale etag, or a concurrent change."""
    return Problem(Code.ABORTED, message)


def too_large(limit: int) -> Problem:
    """Return 413 for a request body above *limit* bytes."""
    return Problem(
        Code.INVALID_ARGUMENT,
        f"Request payload size exceeds the limit: {limit} bytes.",
        http_status=413,
    )
