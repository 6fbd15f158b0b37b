"""Templates: what they match, and what they leave encoded until it is matched."""

import pytest

from gcp_deploy.emulator.problems import Problem, rpc_envelope
from gcp_deploy.emulator.routing import Routes

ROUTES = Routes(rpc_envelope)
for name, method, template in (
    ("models.get", "GET", "/v1/models/{model}"),
    ("models.versions", "GET", "/v1/models/{model}:listVersions"),
    ("models.upload", "POST", "/v1/models:upload"),
    ("models.predict", "POST", "/v1/models/{model}:predict"),
    ("special", "GET", "/v1/models/special"),
    ("rest", "GET", "/v1/{path**}"),
):
    ROUTES.add(name, method, template)(lambda _platform, _request, **fields: fields)


@pytest.mark.parametrize(
    ("method", "path", "expected", "fields"),
    [
        ("GET", "/v1/models/m", "models.get", {"model": "m"}),
        ("GET", "/v1/models/m@2:listVersions", "models.versions", {"model": "m@2"}),
        ("GET", "/v1/models/m%402:listVersions", "models.versions", {"model": "m@2"}),
        ("GET", "/v1/models/a%2Fb", "models.get", {"model": "a/b"}),
        ("GET", "/v1/models/a%252Fb", "models.get", {"model": "a%2Fb"}),
        ("GET", "/v1/models/..", "models.get", {"model": ".."}),
        ("GET", "/v1/models/%00", "models.get", {"model": "\0"}),
        ("GET", "/v1/models/a%0Ab", "models.get", {"model": "a\nb"}),
        ("GET", "/v1/models/special", "special", {}),
        ("GET", "/v1/other/x%2Fy/z", "rest", {"path": "other/x/y/z"}),
        ("POST", "/v1/models:upload", "models.upload", {}),
        ("POST", "/v1/models/m:predict", "models.predict", {"model": "m"}),
    ],
)
def test_paths_find_their_method(method: str, path: str, expected: str, fields: dict[str, str]):
    found = ROUTES.match(method, path)
    assert found is not None
    assert (found[0].api_method, found[1]) == (expected, fields)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/models/m"),
        ("POST", "/v1/models/m"),
        ("GET", "/v2/models/m"),
        ("GET", "/v1/"),
    ],
)
def test_other_paths_find_nothing(method: str, path: str):
    assert ROUTES.match(method, path) is None


def test_a_segment_that_is_not_utf8_is_refused():
    with pytest.raises(Problem, match="not valid UTF-8"):
        ROUTES.match("GET", "/v1/models/%ff")
