"""Objects and buckets: reading, listing, changing, deleting, copying, conditions, names."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests

from gcp_deploy.emulator.platform import Platform

Store = Callable[..., requests.Response]


@pytest.fixture
def base(url: str) -> str:
    return f"{url}/storage/v1/b/local-models/o"


def names(answer: requests.Response) -> list[str]:
    answer.raise_for_status()
    return [item["name"] for item in answer.json().get("items", [])]


CONTENT = b"0123456789"


@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize(
    ("asked", "expected", "stretch"),
    [
        ("bytes=0-3", slice(0, 4), "0-3"),
        ("bytes=3-3", slice(3, 4), "3-3"),
        ("bytes=7-", slice(7, None), "7-"),
        ("bytes=-4", slice(-4, None), "-4"),
        ("bytes=-999999", slice(None), "all"),
        ("bytes=5-999999", slice(5, None), "5-"),
    ],
)
def test_ranges_are_served(
    *,
    store: Store,
    http: requests.Session,
    base: str,
    size: int,
    asked: str,
    expected: slice,
    stretch: str,
):
    content = CONTENT * (size // 10)
    store("x", content)
    answer = http.get(f"{base}/x?alt=media", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, content[expected])
    shown = answer.headers["Content-Range"]
    start = size - len(answer.content) if stretch in ("all", "-4") else int(asked[6])
    assert shown == f"bytes {start}-{start + len(answer.content) - 1}/{size}"


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_ranges_beyond_the_end_are_416(store: Store, http: requests.Session, base: str, asked: str):
    store("x", CONTENT)
    answer = http.get(f"{base}/x?alt=media", headers={"Range": asked})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */10")


@pytest.mark.parametrize("asked", ["bytes=4-2", "lines=1-2", "bytes=-", "bytes=0-1,3-4"])
def test_ranges_that_are_none_are_ignored(
    store: Store, http: requests.Session, base: str, asked: str
):
    store("x", CONTENT)
    answer = http.get(f"{base}/x?alt=media", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_a_download_tells_checksums_and_generation(store: Store, http: requests.Session, base: str):
    shown = store("x", CONTENT).json()
    headers = http.get(f"{base}/x?alt=media").headers
    assert headers["x-goog-hash"] == f"crc32c={shown['crc32c']},md5={shown['md5Hash']}"
    assert headers["x-goog-generation"] == shown["generation"]
    assert headers["x-goog-metageneration"] == "1"
    assert headers["ETag"] == f'"{shown["etag"]}"'


def test_a_head_request_gets_no_content(store: Store, http: requests.Session, base: str):
    store("x", CONTENT)
    answer = http.head(f"{base}/x?alt=media")
    assert (answer.headers["Content-Length"], answer.content) == ("10", b"")


@pytest.mark.parametrize(
    ("condition", "reading", "changing"),
    [
        ("ifGenerationMatch=G", 200, 204),
        ("ifGenerationMatch=0", 412, 412),
        ("ifGenerationMatch=7", 412, 412),
        ("ifGenerationNotMatch=G", 304, 412),
        ("ifGenerationNotMatch=7", 200, 204),
        ("ifGenerationNotMatch=0", 200, 204),
        ("ifMetagenerationMatch=1", 200, 204),
        ("ifMetagenerationMatch=2", 412, 412),
        ("ifMetagenerationNotMatch=1", 304, 412),
        ("ifMetagenerationNotMatch=2", 200, 204),
        ("ifGenerationMatch=x", 400, 400),
        ("ifGenerationMatch=-1", 400, 400),
    ],
)
def test_conditions_on_reads_and_changes(
    *, store: Store, http: requests.Session, base: str, condition: str, reading: int, changing: int
):
    query = condition.replace("=G", "=" + store("x").json()["generation"])
    for media in ("", "&alt=media"):
        answer = http.get(f"{base}/x?{query}{media}")
        assert answer.status_code == reading
        assert reading != 304 or answer.content == b""
    if changing != 204:
        assert http.patch(f"{base}/x?{query}", json={}).status_code == changing
    assert http.delete(f"{base}/x?{query}").status_code == changing


@pytest.mark.parametrize("condition", ["", "ifGenerationMatch=7", "ifMetagenerationNotMatch=1"])
def test_what_is_not_there_is_404_under_every_condition(
    http: requests.Session, base: str, condition: str
):
    answers = [
        http.get(f"{base}/none?{condition}"),
        http.patch(f"{base}/none?{condition}", json={}),
        http.delete(f"{base}/none?{condition}"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize(
    ("condition", "over_one", "over_none"),
    [
        ("ifGenerationMatch=G", 200, 412),
        ("ifGenerationMatch=0", 412, 200),
        ("ifGenerationNotMatch=G", 412, 200),
        ("ifGenerationNotMatch=0", 200, 412),
        ("ifMetagenerationMatch=1", 200, 412),
        ("ifMetagenerationMatch=2", 412, 412),
        ("ifMetagenerationNotMatch=1", 412, 200),
    ],
)
def test_conditions_on_writes(
    *,
    store: Store,
    http: requests.Session,
    base: str,
    condition: str,
    over_one: int,
    over_none: int,
):
    query = condition.replace("=G", "=" + store("x").json()["generation"])
    store("from")
    ways = {
        "compose": lambda name: http.post(
            f"{base}/{name}/compose?{query}", json={"sourceObjects": [{"name": "from"}]}
        ),
        "rewrite": lambda name: http.post(f"{base}/from/rewriteTo/b/local-models/o/{name}?{query}"),
        "copy": lambda name: http.post(f"{base}/from/copyTo/b/local-models/o/{name}?{query}"),
        "insert": lambda name: store(name, **dict([query.split("=")])),
    }
    for way, write in ways.items():
        assert write(f"none-{way}").status_code == over_none, way
    assert ways["insert"]("x").status_code == over_one


def test_a_failed_condition_has_the_documented_body(store: Store):
    store("x")
    message = "At least one of the pre-conditions you specified did not hold."
    assert store("x", ifGenerationMatch="0").json() == {
        "error": {
            "code": 412,
            "message": message,
            "errors": [
                {
                    "message": message,
                    "domain": "global",
                    "reason": "conditionNotMet",
                    "locationType": "header",
                    "location": "If-Match",
                }
            ],
        }
    }


def test_generations_grow_whatever_the_clock_does(store: Store):
    generations = [int(store(name).json()["generation"]) for name in ("x", "x", "y", "x")]
    assert generations == sorted(set(generations))


def test_patch_merges_and_null_deletes(store: Store, http: requests.Session, base: str):
    store("x")
    http.patch(f"{base}/x", json={"metadata": {"a": "1", "b": "2"}, "cacheControl": "no-store"})
    shown = http.patch(f"{base}/x", json={"metadata": {"a": None, "c": "3"}, "cacheControl": None})
    assert shown.json()["metadata"] == {"b": "2", "c": "3"}
    assert "cacheControl" not in shown.json()
    assert shown.json()["metageneration"] == "3"
    assert "metadata" not in http.patch(f"{base}/x", json={"metadata": None}).json()


def test_update_replaces(store: Store, http: requests.Session, base: str):
    before = store("x").json()
    http.patch(f"{base}/x", json={"metadata": {"a": "1"}})
    shown = http.put(f"{base}/x", json={**before, "metadata": {"b": "2"}}).json()
    assert (shown["metadata"], shown["generation"]) == ({"b": "2"}, before["generation"])


@pytest.mark.parametrize("body", [{"metadata": "x"}, {"metadata": {"a": 1}}, {"contentType": 1}])
def test_metadata_of_wrong_types_is_refused(
    store: Store, http: requests.Session, base: str, body: dict[str, Any]
):
    store("x")
    assert http.patch(f"{base}/x", json=body).status_code == 400


def test_a_deleted_object_is_gone(store: Store, http: requests.Session, base: str):
    store("x")
    answer = http.delete(f"{base}/x")
    assert (answer.status_code, answer.content) == (204, b"")
    assert http.delete(f"{base}/x").status_code == 404
    message = http.get(f"{base}/x").json()["error"]["message"]
    assert message == "No such object: local-models/x"


TREE = ("a/1", "a/2", "a/b/1", "b", "c/", "c/1")


@pytest.mark.parametrize(
    ("query", "items", "prefixes"),
    [
        ("", list(TREE), []),
        ("delimiter=/", ["b"], ["a/", "c/"]),
        ("delimiter=/&includeTrailingDelimiter=True", ["b", "c/"], ["a/", "c/"]),
        ("prefix=a/", ["a/1", "a/2", "a/b/1"], []),
        ("prefix=a/&delimiter=/", ["a/1", "a/2"], ["a/b/"]),
        ("prefix=a&delimiter=", ["a/1", "a/2", "a/b/1"], []),
        ("startOffset=a/2&endOffset=c", ["a/2", "a/b/1", "b"], []),
        ("prefix=a/&startOffset=a/2", ["a/2", "a/b/1"], []),
        ("matchGlob=a/*", ["a/1", "a/2"], []),
        ("matchGlob=**/1", ["a/1", "a/b/1", "c/1"], []),
        ("matchGlob=%7Ba,c%7D/[12]", ["a/1", "a/2", "c/1"], []),
        ("matchGlob=?", ["b"], []),
        ("prefix=z", [], []),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_lists_by_prefix_delimiter_offset_glob_and_page(
    *,
    store: Store,
    http: requests.Session,
    base: str,
    query: str,
    items: list[str],
    prefixes: list[str],
    size: int,
):
    for name in TREE:
        store(name)
    found, folders, token = [], [], ""
    for _ in range(10):
        page = http.get(f"{base}?{query}&maxResults={size}&pageToken={token}").json()
        count = len(page.get("items", [])) + len(page.get("prefixes", []))
        assert count <= size + ("Trailing" in query)
        found += [item["name"] for item in page.get("items", [])]
        folders += page.get("prefixes", [])
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert (found, folders) == (items, prefixes)


@pytest.mark.parametrize(
    "query", ["pageToken=%21", "pageToken=AAAA", "maxResults=x", "maxResults=0"]
)
def test_bad_pages_are_refused(http: requests.Session, base: str, query: str):
    assert http.get(f"{base}?{query}").status_code == 400


def test_a_bucket_with_versioning_keeps_what_was(store: Store, http: requests.Session, url: str):
    bucket = f"{url}/storage/v1/b/local-models"
    http.patch(bucket, json={"versioning": {"enabled": True}}).raise_for_status()
    first, second = (store("x", text).json()["generation"] for text in (b"1", b"2"))
    http.delete(f"{bucket}/o/x")
    assert names(http.get(f"{bucket}/o")) == []
    shown = http.get(f"{bucket}/o?versions=True&maxResults=1").json()
    assert [item["generation"] for item in shown["items"]] == [first]
    token = shown["nextPageToken"]
    shown = http.get(f"{bucket}/o?versions=True&pageToken={token}").json()
    assert [item["generation"] for item in shown["items"]] == [second]
    assert "timeDeleted" in shown["items"][0]
    assert http.get(f"{bucket}/o/x?alt=media&generation={first}").content == b"1"
    assert http.delete(f"{bucket}/o/x?generation={first}").status_code == 204
    assert http.get(f"{bucket}/o/x?generation={first}").status_code == 404


def test_compose_concatenates_and_ignores_the_checksums_of_a_part(
    store: Store, http: requests.Session, base: str
):
    store("a", b"x" * 70_000)
    part = store("b", b"y").json()
    body = {
        "sourceObjects": [{"name": "a", "generation": None}, {"name": "b"}],
        "destination": {
            "md5Hash": part["md5Hash"],
            "crc32c": part["crc32c"],
            "metadata": {"k": "v"},
        },
    }
    shown = http.post(f"{base}/all/compose", json=body).json()
    assert (shown["componentCount"], shown["size"], "md5Hash" in shown) == (2, "70001", False)
    assert http.get(f"{base}/all?alt=media").content == b"x" * 70_000 + b"y"


@pytest.mark.parametrize(
    ("sources", "status"),
    [
        ([], 400),
        ([{"name": "a"}] * 33, 400),
        ([{"name": "none"}], 404),
        ([{}], 400),
        (["a"], 400),
        ("a", 400),
        ([{"name": "a", "generation": "7"}], 404),
        ([{"name": "a", "objectPreconditions": {"ifGenerationMatch": "7"}}], 412),
    ],
)
def test_sources_that_cannot_be_composed_are_refused(
    store: Store, http: requests.Session, base: str, sources: Any, status: int
):
    store("a")
    answer = http.post(f"{base}/all/compose", json={"sourceObjects": sources})
    assert answer.status_code == status


def test_copies_share_the_content_and_outlive_the_source(
    store: Store, http: requests.Session, base: str
):
    content = b"x" * 100_000
    store("x", content)
    http.patch(f"{base}/x", json={"metadata": {"k": "v"}})
    answer = http.post(f"{base}/x/rewriteTo/b/local-models/o/y%2Fz", json={}).json()
    assert (answer["done"], answer["resource"]["metadata"]) == (True, {"k": "v"})
    http.post(f"{base}/x/copyTo/b/local-models/o/x").raise_for_status()
    http.post(f"{base}/x/moveTo/o/moved").raise_for_status()
    assert http.get(f"{base}/x").status_code == 404
    for name in ("y%2Fz", "moved"):
        assert http.get(f"{base}/{name}?alt=media").content == content


def test_a_copy_checks_its_source(store: Store, http: requests.Session, base: str):
    store("x")
    to = "copyTo/b/local-models/o/y"
    assert http.post(f"{base}/x/{to}?ifSourceGenerationMatch=7").status_code == 412
    assert http.post(f"{base}/x/{to}?sourceGeneration=7").status_code == 404
    assert http.post(f"{base}/x/copyTo/b/none-such/o/y").status_code == 404


HOSTILE = [
    "../../state.db",
    "a/../b",
    "/leading",
    "trailing/",
    "a//b",
    "%2e%2e%2f",
    "per%25cent",
    "nul\0byte",
    "tab\tbell\a",
    "e\u0301",
    "\u00e9",
    "\u202egpj.exe",
    "<img src=x onerror=alert(1)>",
    "{{7*7}}",
    "'; DROP TABLE objects; --",
    "?query#fragment",
    "\U0001f600",
    "x" * 1024,
    "é" * 512,
    "X",
    "x",
]


def test_names_are_opaque(store: Store, http: requests.Session, base: str, platform: Platform):
    for name in HOSTILE:
        assert store(name, name.encode()).status_code == 200, name
    for name in HOSTILE:
        answer = http.get(f"{base}/{quote(name, safe='')}?alt=media")
        assert answer.content == name.encode()
    assert names(http.get(base)) == sorted(HOSTILE, key=lambda name: name.encode())
    stored = {path.name for path in platform.state.directory.rglob("*")}
    assert not stored & set(HOSTILE)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a\nb", "a\rb", "x" * 1025, "é" * 513, ".well-known/acme-challenge/x"]
)
def test_names_that_the_service_refuses_are_refused(store: Store, name: str):
    assert store(name).status_code == 400


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "a",
        "ab",
        "Upper",
        "-a-b",
        "a-b-",
        "1.2.3.4",
        "a" * 64,
        "a..b",
        "goog-x",
        "my-google",
        "a/b",
        "é" * 5,
    ],
)
def test_bucket_names_that_the_service_refuses_are_refused(
    http: requests.Session, url: str, name: str
):
    answer = http.post(f"{url}/storage/v1/b?project=p", json={"name": name})
    assert answer.status_code == 400


def test_buckets_are_made_listed_changed_and_deleted(
    store: Store, http: requests.Session, url: str
):
    buckets = f"{url}/storage/v1/b"
    made = http.post(f"{buckets}?project=p", json={"name": "another.bucket", "location": "EU"})
    assert (made.json()["location"], made.json()["projectNumber"]) == ("EU", "424242424242")
    assert http.post(buckets, json={"name": "another.bucket"}).status_code == 409
    first = http.get(f"{buckets}?maxResults=1").json()
    assert [item["name"] for item in first["items"]] == ["another.bucket"]
    second = http.get(f"{buckets}?pageToken={first['nextPageToken']}").json()
    assert [item["name"] for item in second["items"]] == ["local-models"]
    changed = http.patch(f"{buckets}/another.bucket", json={"labels": {"a": "b"}}).json()
    assert (changed["labels"], changed["metageneration"]) == ({"a": "b"}, "2")
    stale = http.patch(f"{buckets}/another.bucket?ifMetagenerationMatch=1", json={})
    assert stale.status_code == 412
    assert http.delete(f"{buckets}/another.bucket").status_code == 204
    assert http.get(f"{buckets}/another.bucket").status_code == 404
    store("x")
    refused = http.delete(f"{buckets}/local-models")
    assert (refused.status_code, refused.json()["error"]["errors"][0]["reason"]) == (
        409,
        "conflict",
    )


@pytest.mark.parametrize("body", [{}, {"name": 7}, {"name": None}])
def test_a_bucket_needs_a_name(http: requests.Session, url: str, body: dict[str, Any]):
    answer = http.post(f"{url}/storage/v1/b", json=body)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "required")


def test_what_gcloud_asks_of_a_bucket_is_answered(http: requests.Session, url: str):
    bucket = f"{url}/storage/v1/b/local-models"
    assert http.get(f"{bucket}/storageLayout").json()["hierarchicalNamespace"] == {"enabled": False}
    assert http.get(f"{bucket}/managedFolders").json()["items"] == []
    held = http.get(f"{bucket}/iam/testPermissions?permissions=a&permissions=b").json()
    assert held["permissions"] == ["a", "b"]


def test_the_first_bucket_is_made_once_in_the_life_of_the_state(
    platform: Platform, http: requests.Session, url: str
):
    http.delete(f"{url}/storage/v1/b/local-models").raise_for_status()
    with Platform.open(platform.state.directory):
        assert http.get(f"{url}/storage/v1/b/local-models").status_code == 404
