"""Answers of the services: predictions, or the error that says why there are none.

Three shapes of refusal occur: ``{"error": {"message", "status", …}}``, the legacy
``{"error": "text"}``, also with status 200, and the HTML of proxies.
"""

import re
from typing import Any

import orjson

from gcp_deploy.client.transport import Reply
from gcp_deploy.domain.cleaning import clean, glimpse
from gcp_deploy.errors import (
    BadInstances,
    Conflict,
    GcpDeployError,
    ModelFailed,
    NotFound,
    PermissionDenied,
    TemporaryError,
    Unauthenticated,
    UsageError,
)

LOGIN = "gcloud auth application-default login"
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
COLD = "not yet ready for inference"
"""What an endpoint says that was scaled to zero; it wakes up within minutes."""
_TOO_LARGE = re.compile(r"(?i)(response|request payload) size (too large|exceeds)")
_PERMISSION = re.compile(r"[Pp]ermission '([\w.-]+)' denied")


class TooLarge(BadInstances):
    """The request or its answer is over the limit of the service: fewer rows may do."""


def json_of(reply: Reply, what: str) -> dict[str, Any]:
    """Return the JSON object of a good answer, or raise the error that a bad one stands for."""
    content = _loads(reply.body)
    error = content.get("error") if isinstance(content, dict) else None
    if reply.status != 200:
        raise refusal(reply.status, _message(reply, error), what)
    if error is not None:
        raise refusal(400, _message(reply, error), what)
    if not isinstance(content, dict):
        raise TemporaryError(f"{what}: the answer is no JSON object: {glimpse(reply.body)}")
    return content


def predictions_of(content: dict[str, Any], rows: int, what: str) -> list[Any]:
    """Return the predictions of an answer: one for each row, or an error."""
    predictions = content.get("predictions")
    if not isinstance(predictions, list):
        raise TemporaryError(f"{what}: the answer has no list of predictions")
    if len(predictions) != rows:
        raise ModelFailed(
            f"{what}: {len(predictions)} predictions for {rows} rows",
            hint="the model has to give one prediction for each row",
        )
    return predictions


def refusal(status: int, message: str, what: str) -> GcpDeployError:
    """Return the error that a status other than 200 stands for."""
    said = f"{what}: {message}"
    if status in TRANSIENT or status >= 505:
        cold = COLD in message
        hint = "the endpoint wakes up from zero replicas: ask again in some minutes" if cold else ""
        return TemporaryError(said, hint=hint or "ask again later")
    match status:
        case 401:
            return Unauthenticated(said, hint=LOGIN)
        case 403:
            found = _PERMISSION.search(message)
            hint = f"a role with {found[1]}, " if found else ""
            return PermissionDenied(said, hint=f"{hint}such as roles/aiplatform.user")
        case 404:
            return NotFound(said, hint="gcp-deploy status")
        case 409 | 412:
            return Conflict(said, hint="gcp-deploy status")
        case 400 | 413:
            return _bad_rows(status, message, said)
        case _:
            return UsageError(said, hint="is it the right address?")


def _bad_rows(status: int, message: str, said: str) -> GcpDeployError:
    if "traffic_split" in message:
        return UsageError(f"the endpoint has no traffic: {said}", hint="gcp-deploy promote VERSION")
    if status == 413 or _TOO_LARGE.search(message):
        return TooLarge(said, hint="fewer rows in one request")
    return BadInstances(said, hint="gcp-deploy inspect ARTIFACT shows what the model takes")


def _message(reply: Reply, error: object) -> str:
    if isinstance(error, dict):
        error = error.get("message") or error.get("status") or ""
    if isinstance(error, str) and clean(error):
        return clean(error)
    return f"HTTP {reply.status}, {glimpse(reply.body)}"


def _loads(body: bytes) -> Any:
    """Parse JSON; NaN and Infinity, which Python servers write although JSON has none, pass."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if b"NaN" not in body and b"Infinity" not in body:
            return None
    import json

    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
