from datetime import UTC, datetime

import google.auth.credentials
import pytest
import requests

from gcp_deploy.adapters import http as transport
from gcp_deploy.adapters.identity import NoCredentials
from gcp_deploy.errors import UsageError

GOOGLE = "https://storage.googleapis.com/x"
LOCAL = "http://127.0.0.1:9999/x"


class Token(google.auth.credentials.Credentials):
    def __init__(self):
        super().__init__()
        self.token = "first"
        self.expiry = datetime(2999, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        self.refreshed = 0

    def refresh(self, request):
        self.refreshed += 1
        self.token = f"fresh-{self.refreshed}"


def sent(http):
    return [call.request.headers.get("Authorization") for call in http.calls]


def test_the_token_goes_to_google(http):
    http.get(GOOGLE, json={})
    transport.session(Token()).get(GOOGLE)
    assert sent(http) == ["Bearer first"]


@pytest.mark.parametrize(
    "url",
    [LOCAL, "http://storage.googleapis.com/x", "https://evil.example/x", "https://10.0.0.1/x"],
)
def test_the_token_goes_nowhere_else(http, url):
    with pytest.raises(UsageError, match="nothing is sent to"):
        transport.session(Token()).get(url)
    assert len(http.calls) == 0


def test_loopback_gets_no_token(http):
    http.get(LOCAL, json={})
    transport.session(NoCredentials()).get(LOCAL)
    assert sent(http) == [None]


def test_a_session_for_loopback_stays_there(http):
    with pytest.raises(UsageError, match=r"storage\.googleapis\.com"):
        transport.session(NoCredentials()).get(GOOGLE)


def test_a_redirect_is_not_followed(http):
    http.get(GOOGLE, status=302, headers={"Location": "https://evil.example/"})
    answer = transport.session(Token()).get(GOOGLE)
    assert answer.status_code == 302
    assert len(http.calls) == 1


def test_after_one_401_a_fresh_token_is_tried(http):
    http.get(GOOGLE, status=401)
    http.get(GOOGLE, json={"ok": True})
    answer = transport.session(Token()).get(GOOGLE)
    assert answer.json() == {"ok": True}
    assert sent(http) == ["Bearer first", "Bearer fresh-1"]


def test_a_second_401_is_the_answer(http):
    http.get(GOOGLE, status=401)
    credentials = Token()
    assert transport.session(credentials).get(GOOGLE).status_code == 401
    assert credentials.refreshed == 1
    assert len(http.calls) == 2


def test_a_local_platform_that_imitates_expiry_is_asked_once_more(http):
    http.get(LOCAL, status=401)
    http.get(LOCAL, json={})
    assert transport.session(NoCredentials()).get(LOCAL).status_code == 200


def test_every_request_has_timeouts_and_our_name(http):
    http.get(GOOGLE, json={})
    transport.session(Token(), transport.Timeouts(3, 4)).get(GOOGLE, timeout=None)
    assert http.calls[0].request.req_kwargs["timeout"] == (3, 4)
    assert http.calls[0].request.headers["User-Agent"].startswith("gcp-deploy/")


def test_a_password_in_netrc_does_not_take_the_place_of_the_token(http, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine storage.googleapis.com login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    http.get(GOOGLE, json={})
    transport.session(Token()).get(GOOGLE)
    assert sent(http) == ["Bearer first"]


def test_a_proxy_is_not_asked_for_loopback(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert not transport.session(NoCredentials()).trust_env
    assert transport.session(Token()).trust_env


def test_the_face_of_httplib2_returns_status_headers_and_bytes(http):
    http.post(LOCAL, body=b"no", status=503, headers={"Retry-After": "7"})
    response, content = transport.RequestsHttp(transport.session(NoCredentials())).request(
        LOCAL, method="POST", body="{}", headers={"content-type": "application/json"}
    )
    assert (response.status, response["retry-after"], content) == (503, "7", b"no")


def test_an_endless_answer_is_not_read_to_the_end(http, monkeypatch):
    monkeypatch.setattr(transport, "_LARGEST_ANSWER", 100)
    http.get(LOCAL, body=b"x" * 101)
    face = transport.RequestsHttp(transport.session(NoCredentials()))
    with pytest.raises(Exception, match="more than 100 bytes"):
        face.request(LOCAL)


def test_a_broken_connection_is_left_to_the_translation(http):
    http.get(LOCAL, body=requests.ConnectionError("reset"))
    face = transport.RequestsHttp(transport.session(NoCredentials()))
    with pytest.raises(requests.ConnectionError):
        face.request(LOCAL)
