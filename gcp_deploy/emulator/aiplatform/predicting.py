"""predict, rawPredict and invoke: who is asked, what may be sent, and how the answer goes back."""

import json
import random
from typing import TYPE_CHECKING

from gcp_deploy.emulator.aiplatform import (
    containers,
    endpoint_store,
    hosts,
    model_servers,
    registry,
    rules,
    splits,
)
from gcp_deploy.emulator.aiplatform.endpoint_store import StoredEndpoint
from gcp_deploy.emulator.aiplatform.endpoints import ENDPOINT
from gcp_deploy.emulator.aiplatform.model_servers import ContainerAnswer, Target
from gcp_deploy.emulator.aiplatform.place import parse_model_name, place_of
from gcp_deploy.emulator.messages import Request, Response, json_response, parse_object
from gcp_deploy.emulator.problems import (
    Code,
    Problem,
    failed_precondition,
    invalid,
    not_found,
    rpc_envelope,
)
from gcp_deploy.emulator.routing import Routes

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

ROUTES = Routes(rpc_envelope)
CHANCE = random.Random()  # noqa: S311 -- it spreads traffic
"""Draws who answers; seed it to know."""

SHARED_LIMIT = 1_572_864
"""Bytes of a request and of an answer on the shared host: 1.5 MB as the service counts them."""
DEDICATED_LIMIT = 10 * 1024 * 1024
_REQUEST = frozenset({"instances", "parameters", "labels"})


@ROUTES.add("aiplatform.endpoints.predict", "POST", f"{ENDPOINT}:predict")
def predict(
    platform: "Platform", request: Request, *, project: str, location: str, endpoint: str
) -> Response:
    """Ask the model that the traffic split draws, and name it in the answer."""
    found = _endpoint(platform, request, project, location, endpoint)
    content = _content(request, found)
    body = parse_object(content)
    for name in body:
        if name not in _REQUEST:
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            )
    if not isinstance(body.get("instances"), list):
        raise invalid("Required field 'instances' is missing or no list.")
    target = _drawn(platform, found)
    _refuse_invoke_only(platform, target)
    sent = {name: body[name] for name in ("instances", "parameters") if name in body}
    answer = model_servers.ask(platform, target, json.dumps(sent).encode())
    if answer.status != 200:
        raise _model_error(answer)
    _check_size(answer, found, target)
    value = json.loads(answer.body)
    if not isinstance(value, dict) or not isinstance(value.get("predictions"), list):
        raise failed_precondition("The model server's response has no 'predictions'.")
    shown = {
        "predictions": value["predictions"],
        "deployedModelId": target.id,
        "model": target.model,
        "modelDisplayName": target.display_name,
        "modelVersionId": target.version.id,
    }
    return json_response(shown)


@ROUTES.add("aiplatform.endpoints.rawPredict", "POST", f"{ENDPOINT}:rawPredict")
def raw_predict(
    platform: "Platform", request: Request, *, project: str, location: str, endpoint: str
) -> Response:
    """Pass the body to the model that the traffic split draws, and its answer back."""
    found = _endpoint(platform, request, project, location, endpoint)
    content = _content(request, found)
    target = _drawn(platform, found)
    _refuse_invoke_only(platform, target)
    answer = model_servers.ask(platform, target, content)
    if answer.status != 200:
        raise _model_error(answer)
    return _passed_on(answer, found, target)


@ROUTES.add("aiplatform.endpoints.invoke", "POST", f"{ENDPOINT}/invoke/{{route**}}")
def invoke(
    platform: "Platform",
    request: Request,
    *,
    project: str,
    location: str,
    endpoint: str,
    route: str,
) -> Response:
    """Pass the request to any route of the model that the traffic split draws."""
    found = _endpoint(platform, request, project, location, endpoint)
    return _invoke(platform, request, found, _drawn(platform, found), route)


@ROUTES.add(
    "aiplatform.endpoints.deployedModels.invoke",
    "POST",
    f"{ENDPOINT}/deployedModels/{{deployed}}/invoke/{{route**}}",
)
def invoke_deployed_model(
    platform: "Platform",
    request: Request,
    *,
    project: str,
    location: str,
    endpoint: str,
    deployed: str,
    route: str,
) -> Response:
    """Pass the request to one deployed model, whatever its share of the traffic."""
    found = _endpoint(platform, request, project, location, endpoint)
    if deployed not in found.deployed:
        raise not_found(f"DeployedModel {deployed} is not found in {found.name}.")
    return _invoke(platform, request, found, _target(platform, found, deployed), route)


def _invoke(
    platform: "Platform", request: Request, endpoint: StoredEndpoint, target: Target, route: str
) -> Response:
    if not endpoint.dedicated:
        raise failed_precondition(f"Invoke needs a dedicated endpoint, and {endpoint.name} is not.")
    if not containers.allows_invoke(target.version.container):
        raise failed_precondition(
            f"DeployedModel {target.id} does not allow invoke: its Model has no "
            "invoke_route_prefix."
        )
    content = _content(request, endpoint)
    if f"/{route}" not in (target.predict_route, model_servers.PREDICT_ROUTE):
        body = json.dumps({"error": f"no route /{route}"}).encode()
        return _passed_on(ContainerAnswer(404, body), endpoint, target)
    return _passed_on(model_servers.ask(platform, target, content), endpoint, target)


def _endpoint(
    platform: "Platform", request: Request, project: str, location: str, endpoint: str
) -> StoredEndpoint:
    """Return the endpoint, if it may be asked under the host of *request*."""
    found = endpoint_store.find(platform, place_of(platform, project, location), endpoint)
    if found.dedicated and not hosts.is_dedicated(request):
        dns = hosts.dedicated_dns(request, rules.current(platform))
        raise failed_precondition(
            f"Dedicated Endpoint {found.name} cannot be accessed through the shared domain. "
            f"Access it using its dedicated DNS name '{dns}'."
        )
    return found


def _limit(endpoint: StoredEndpoint) -> int:
    return DEDICATED_LIMIT if endpoint.dedicated else SHARED_LIMIT


def _content(request: Request, endpoint: StoredEndpoint) -> bytes:
    """Return the body; above the limit 413 on a dedicated host, 400 on the shared one."""
    try:
        return request.read(_limit(endpoint))
    except Problem as problem:
        if problem.http_status == 413 and not endpoint.dedicated:
            raise invalid(problem.message) from problem
        raise


def _drawn(platform: "Platform", endpoint: StoredEndpoint) -> Target:
    chosen = splits.choose(endpoint.split, CHANCE.random())
    if chosen is None:
        raise failed_precondition(
            f'Endpoint {endpoint.name} misconfigured, "traffic_split" not set.'
        )
    return _target(platform, endpoint, chosen)


def _target(platform: "Platform", endpoint: StoredEndpoint, identity: str) -> Target:
    deployed = endpoint.deployed[identity]
    name = parse_model_name(platform, str(deployed["model"]), "model")
    model = registry.find_model(platform, name)
    version = model.versions[str(deployed["modelVersionId"])]
    return model_servers.target(endpoint, deployed, version)


def _refuse_invoke_only(platform: "Platform", target: Target) -> None:
    if rules.current(platform).invoke_alone and containers.allows_invoke(target.version.container):
        raise failed_precondition(
            f"DeployedModel {target.id} can only be asked by invoke: its Model has an "
            "invoke_route_prefix."
        )


def _model_error(answer: ContainerAnswer) -> Problem:
    """Return what the service makes of a container's refusal: its body, quoted, in the message."""
    text = answer.body.decode("utf-8", "replace")
    if answer.status >= 500:
        return Problem(Code.UNAVAILABLE, text, http_status=answer.status)
    return failed_precondition(text)


def _check_size(answer: ContainerAnswer, endpoint: StoredEndpoint, target: Target) -> None:
    limit = _limit(endpoint)
    if len(answer.body) > limit:
        raise invalid(
            f"Failed to handle request. endpoint_id: {endpoint.id}, deployed_model_id: "
            f"{target.id} with error: `Response size too large. Received at least "
            f"{len(answer.body)} bytes; max is {limit}.`"
        )


def _passed_on(answer: ContainerAnswer, endpoint: StoredEndpoint, target: Target) -> Response:
    _check_size(answer, endpoint, target)
    headers = [
        ("Content-Type", "application/json"),
        ("X-Vertex-AI-Endpoint-Id", endpoint.id),
        ("X-Vertex-AI-Deployed-Model-Id", target.id),
        ("X-Vertex-AI-Model", target.model),
        ("X-Vertex-AI-Model-Version-Id", target.version.id),
    ]
    return Response(answer.status, headers, answer.body)
