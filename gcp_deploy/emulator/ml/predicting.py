"""Online prediction on a model (its default version) and on a version.

The body goes to the prediction server as it is, and what that server refuses is 400 with a bare
string in ``error``, not the usual envelope.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gcp_deploy.emulator.messages import Request
from gcp_deploy.emulator.ml import names, registry, servers
from gcp_deploy.emulator.ml.names import MODEL, VERSION, field_error
from gcp_deploy.emulator.ml.registry import StoredVersion
from gcp_deploy.emulator.problems import Code, PredictionFailed, Problem, rpc_envelope
from gcp_deploy.emulator.routing import Routes
from gcp_deploy.errors import ModelFailed
from gcp_deploy.sandbox.failures import PredictionRejected

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
Json = Mapping[str, Any]

LIMIT = 1572864
"""Bytes of a request: 1.5 MiB."""


@ROUTES.add("ml.projects.predict", "POST", f"{MODEL}:predict")
def predict_by_model(platform: "Platform", request: Request, *, project: str, model: str) -> Json:
    """Ask the default version."""
    names.check_project(platform, project)
    default = registry.get_model(platform, model).default
    if not default:
        raise field_error(
            "name",
            f"The model {model} has no default version to answer.",
            Code.FAILED_PRECONDITION,
        )
    return _answer(platform, request, registry.get_version(platform, model, default))


@ROUTES.add("ml.projects.predict", "POST", f"{VERSION}:predict")
def predict_by_version(
    platform: "Platform", request: Request, *, project: str, model: str, version: str
) -> Json:
    """Ask one version."""
    names.check_project(platform, project)
    return _answer(platform, request, registry.get_version(platform, model, version))


@ROUTES.add("ml.projects.explain", "POST", f"{MODEL}:explain", f"{VERSION}:explain")
def explain(_platform: "Platform", _request: Request, **_name: str) -> Json:
    """Refuse: explanations are not imitated."""
    raise Problem(Code.UNIMPLEMENTED, "The embedded platform gives no explanations.")


def _answer(platform: "Platform", request: Request, version: StoredVersion) -> Json:
    if version.state != "READY":
        raise field_error(
            "name",
            f"Version {version.name} is {version.state} and does not serve.",
            Code.FAILED_PRECONDITION,
        )
    body = _body(request)
    instances = _instances(body)
    keywords: dict[str, Any] = {}
    if not version.column_names:
        known = ("instances", "signature_name")
        keywords = {name: value for name, value in body.items() if name not in known}
    try:
        with servers.serving(platform, version) as process:
            return {"predictions": process.predict(instances, keywords=keywords)}
    except PredictionRejected as error:
        raise PredictionFailed(f"Prediction failed: {error.text}") from error
    except ModelFailed as error:
        raise PredictionFailed(f"Prediction failed: {error.message}", http_status=503) from error
    except FileNotFoundError as error:
        raise names.no_version(platform, version.model, version.name) from error


def _body(request: Request) -> dict[str, Any]:
    try:
        content = request.read(LIMIT)
    except Problem as problem:
        if problem.http_status != 413:
            raise
        # The front end of this API says 400 where others say 413.
        raise Problem(Code.INVALID_ARGUMENT, problem.message) from problem
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        shown = repr(content[:200].decode("utf-8", "replace"))
        text = f"Invalid request sent to prediction server: {shown}"
        raise PredictionFailed(text) from error
    if not isinstance(body, dict):
        raise PredictionFailed(f"Invalid request sent to prediction server: {body!r}"[:500])
    return body


def _instances(body: Mapping[str, Any]) -> list[Any]:
    if "instances" not in body:
        text = f"Required field 'instances' missing in prediction server request: {body!r}"
        raise PredictionFailed(text[:500])
    instances = body["instances"]
    if not isinstance(instances, list):
        text = f"Invalid request sent to prediction server: {body!r}"
        raise PredictionFailed(text[:500])
    return instances
