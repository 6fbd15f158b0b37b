import base64
import io
import json
import re
from urllib.parse import unquote

import google_crc32c
import pytest
import requests

from gcp_deploy.adapters.gcs import checksums
from gcp_deploy.errors import Conflict, NotFound, PermissionDenied, TemporaryError

LOCAL = "http://127.0.0.1:9999"
MIB = 1024 * 1024
CONTENT = b"the artifact"


def crc(data):
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def resource(name, data, **more):
    return {
        "kind": "storage#object",
        "name": name,
        "bucket": "demo-bucket",
        "size": str(len(data)),
        "crc32c": crc(data),
        "generation": "17",
        **more,
    }


class Bucket:
    """What Cloud Storage does with one bucket, and faults before and after it does it."""

    def __init__(self, http):
        self.objects = {}
        self.session = None
        self.seen = []
        self.faults = []
        self.passes = 0
        """So many chunks are taken before the first fault."""
        base = re.escape(LOCAL)
        http.add_callback("POST", re.compile(f"{base}/upload/.*"), self.upload)
        http.add_callback("PUT", re.compile(f"{base}/session.*"), self.put)
        http.add_callback("GET", re.compile(f"{base}/storage/v1/b/demo-bucket/o/.*"), self.get)
        http.add_callback("GET", re.compile(f"{base}/download/.*"), self.download)

    def fault(self, when, method):
        """Take the next fault if it is one for *when* and *method*."""
        if self.faults and self.faults[0][:2] == (when, method):
            fault = self.faults.pop(0)[2]
            if isinstance(fault, Exception):
                raise fault
            return fault
        return None

    def serve(self, method, act):
        before = self.fault("before", method)
        if before:
            return before
        answer = act()
        return self.fault("after", method) or answer

    def upload(self, request):
        kind = request.params["uploadType"]
        self.seen.append(f"POST {kind}")
        assert request.params["ifGenerationMatch"] == "0"
        return self.serve(
            "POST", lambda: self.whole(request) if kind == "multipart" else self.start(request)
        )

    def whole(self, request):
        head, meta, data = request.body.split(b"\r\n\r\n", 2)
        del head
        words = json.loads(meta.split(b"\r\n--")[0])
        data = data.rpartition(b"\r\n--")[0]
        assert words["crc32c"] == crc(data)
        return self.store(words["name"], data, words.get("metadata"))

    def start(self, request):
        words = json.loads(request.body)
        self.session = {"name": words["name"], "data": b"", "metadata": words.get("metadata")}
        return 200, {"Location": f"{LOCAL}/session?upload_id=SECRET"}, ""

    def put(self, request):
        self.seen.append(f"PUT {request.headers['Content-Range']}")
        if self.passes:
            self.passes -= 1
            return self.take(request)
        return self.serve("PUT", lambda: self.take(request))

    def take(self, request):
        if self.session is None:
            return 404, {}, ""
        ranges = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)", request.headers["Content-Range"])
        assert ranges
        total, data = int(ranges.group(3)), self.session["data"]
        if ranges.group(1):
            start = int(ranges.group(1))
            assert start == len(data), "the client has to go on where the service is"
            data += bytes(request.body)
            self.session["data"] = data
        if len(data) < total:
            return 308, {"Range": f"bytes=0-{len(data) - 1}"} if data else {}, ""
        if ranges.group(1):
            assert request.headers["x-goog-hash"] == f"crc32c={crc(data)}"
        return self.store(self.session["name"], data, self.session["metadata"])

    def store(self, name, data, metadata):
        if name in self.objects:
            if self.session and self.objects[name]["crc32c"] == crc(data):
                return 200, {}, json.dumps(self.objects[name])
            return 412, {}, json.dumps({"error": {"code": 412, "message": "pre-conditions"}})
        self.objects[name] = resource(name, data, metadata=metadata or {})
        return 200, {}, json.dumps(self.objects[name])

    def get(self, request):
        name = unquote(request.path_url.split("/o/")[1].split("?")[0])
        self.seen.append("GET")
        found = self.objects.get(name)
        missing = {"error": {"code": 404, "message": f"No such object: demo-bucket/{name}"}}
        return self.serve("GET", lambda: (200 if found else 404, {}, json.dumps(found or missing)))

    def download(self, request):
        name = unquote(request.path_url.split("/o/")[1].split("?")[0])
        self.seen.append("GET media")
        data = self.objects[name]["data"]
        answer = (200, {"x-goog-hash": f"crc32c={crc(data)}"}, data)
        return self.serve("GET media", lambda: answer)


@pytest.fixture
def bucket(http):
    return Bucket(http)


@pytest.fixture
def store(ports):
    return ports().store


RESET = requests.ConnectionError("reset")


@pytest.mark.parametrize("content", [CONTENT, io.BytesIO(CONTENT), b""])
def test_a_small_object_goes_in_one_request_with_its_checksum(bucket, store, content):
    size = len(content) if isinstance(content, bytes) else len(CONTENT)
    told = []
    made = store.create(
        "a/b c.json",
        content,
        metadata={"sha256": "ff"},
        progress=lambda done, total: told.append((done, total)),
    )
    assert bucket.seen == ["POST multipart"]
    assert (made.size, made.generation, dict(made.metadata)) == (size, "17", {"sha256": "ff"})
    assert str(made.uri) == "gs://demo-bucket/a/b c.json"
    assert told == [(size, size)]


def test_a_file_is_read_from_where_it_stands(bucket, store):
    file = io.BytesIO(b"head" + CONTENT)
    file.seek(4)
    assert store.create("a", file).crc32c == crc(CONTENT)


@pytest.mark.parametrize(
    "fault",
    [
        RESET,
        requests.Timeout("slow"),
        (503, {}, "busy"),
        (502, {}, "<html>Bad Gateway</html>"),
        (408, {}, ""),
        (200, {}, "<html>welcome</html>"),
        (200, {}, ""),
        (200, {}, "null"),
        (200, {}, "{}"),
        (200, {}, '{"kind": "storage#obj'),
    ],
    ids=str,
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_fault_of_a_small_upload_is_absorbed(bucket, store, clock, fault, when):
    bucket.faults = [(when, "POST", fault)]
    assert store.create("a", CONTENT).crc32c == crc(CONTENT)
    assert bucket.faults == []
    assert clock.slept == [1]


@pytest.mark.parametrize("content", [CONTENT, b"x" * (9 * MIB)], ids=["small", "large"])
def test_the_same_content_already_there_is_success(bucket, store, content):
    first = store.create("a", content)
    assert store.create("a", content) == first


@pytest.mark.parametrize(
    ("there", "new"),
    [
        (CONTENT, b"other bytes!"),
        (CONTENT, b"longer than what is there"),
        (b"x" * (9 * MIB), b"y" * (9 * MIB)),
        (CONTENT, b"y" * (9 * MIB)),
    ],
    ids=["same size", "other size", "both large", "larger"],
)
def test_other_content_already_there_is_a_conflict(bucket, store, there, new):
    bucket.objects["a"] = resource("a", there)
    with pytest.raises(Conflict, match=r"gs://demo-bucket/a exists with other content"):
        store.create("a", new)


def test_a_large_object_goes_in_chunks_of_8_mib(bucket, store):
    data = bytes(range(256)) * (20 * MIB // 256) + b"tail"
    told = []
    made = store.create(
        "a", io.BytesIO(data), progress=lambda done, total: told.append(done / total)
    )
    assert made.crc32c == crc(data)
    total = len(data)
    assert bucket.seen == [
        "POST resumable",
        f"PUT bytes 0-{8 * MIB - 1}/{total}",
        f"PUT bytes {8 * MIB}-{16 * MIB - 1}/{total}",
        f"PUT bytes {16 * MIB}-{total - 1}/{total}",
    ]
    assert told[-1] == 1
    assert told == sorted(told)


def test_a_large_object_of_whole_chunks_ends_with_the_last_chunk(bucket, store):
    store.create("a", b"x" * (16 * MIB))
    assert len(bucket.seen) == 3


@pytest.mark.parametrize("fault", [RESET, (503, {}, "busy"), (408, {}, "")], ids=str)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_interrupted_upload_asks_how_far_it_is_and_goes_on(bucket, store, fault, when, at):
    """Chunk 2 is the last: after it, the object is there although the answer was lost."""
    data = b"0123456789abcdef" * (17 * MIB // 16)
    bucket.passes = at
    bucket.faults = [(when, "PUT", fault)]
    assert store.create("a", data).crc32c == crc(data)
    assert bucket.faults == []
    assert f"PUT bytes */{len(data)}" in bucket.seen


def test_a_session_that_took_a_part_of_a_chunk_gets_the_rest(bucket, store):
    data = b"0123456789abcdef" * (9 * MIB // 16)
    taken = bucket.take

    def half(request):
        if request.headers["Content-Range"].startswith("bytes 0-"):
            bucket.session["data"] = bytes(request.body)[:MIB]
            bucket.take = taken
            return 308, {"Range": f"bytes=0-{MIB - 1}"}, ""
        return taken(request)

    bucket.take = half
    assert store.create("a", data).crc32c == crc(data)
    assert bucket.seen[2] == f"PUT bytes {MIB}-{8 * MIB - 1}/{len(data)}"


def test_a_session_that_is_gone_is_started_anew(bucket, store):
    data = b"x" * (9 * MIB)
    bucket.faults = [("before", "PUT", (410, {}, ""))]
    assert store.create("a", data).crc32c == crc(data)
    assert bucket.seen.count("POST resumable") == 2


def test_a_session_that_is_gone_again_and_again_ends(bucket, store):
    bucket.faults = [("before", "PUT", (404, {}, ""))] * 3
    with pytest.raises(TemporaryError, match="the upload session ended 3 times"):
        store.create("a", b"x" * (9 * MIB))


def test_an_outage_ends_without_showing_the_session(bucket, store):
    bucket.faults = [("before", "PUT", RESET)] * 1_000
    with pytest.raises(TemporaryError) as caught:
        store.create("a", b"x" * (9 * MIB))
    assert "SECRET" not in caught.value.message
    assert "gs://demo-bucket/a" in caught.value.message


@pytest.mark.parametrize("size", [100, 9 * MIB])
def test_a_file_that_grows_while_it_is_read_is_refused(bucket, store, tmp_path, size):
    path = tmp_path / "model.joblib"
    path.write_bytes(b"x" * size)

    class Growing(io.FileIO):
        def read(self, count=-1):
            with path.open("ab") as file:
                file.write(b"more")
            return super().read(count)

    with Growing(path) as file, pytest.raises(Conflict, match="changed while it was read"):
        store.create("a", file)
    assert bucket.objects == {}


def test_a_file_that_shrinks_while_it_is_read_is_refused(bucket, store, tmp_path):
    path = tmp_path / "model.joblib"
    path.write_bytes(b"x" * (17 * MIB))
    with path.open("r+b") as file, pytest.raises(Conflict, match="changed while it was read"):
        store.create("a", file, progress=lambda *_: path.write_bytes(b""))
    assert bucket.objects == {}


def test_stat_tells_what_is_there(bucket, store):
    bucket.objects["x/y"] = resource("x/y", CONTENT, metadata={"k": "v"})
    found = store.stat("x/y")
    assert (found.size, found.crc32c, dict(found.metadata)) == (12, crc(CONTENT), {"k": "v"})
    assert store.stat("x/z") is None


@pytest.mark.parametrize("fault", [(200, {}, "[]"), (200, {}, "null"), (200, {}, "{}"), RESET])
def test_a_fault_of_stat_is_absorbed(bucket, store, clock, fault):
    bucket.objects["a"] = resource("a", CONTENT)
    bucket.faults = [("after", "GET", fault)]
    assert store.stat("a").generation == "17"
    assert clock.slept == [1]


def test_read_returns_the_content(bucket, store):
    bucket.objects["a"] = {"data": CONTENT}
    assert store.read("a") == CONTENT


def test_content_that_does_not_match_its_checksum_is_read_again(bucket, store, clock):
    bucket.objects["a"] = {"data": CONTENT}
    wrong = (200, {"x-goog-hash": f"crc32c={crc(b'other')}"}, CONTENT)
    bucket.faults = [("before", "GET media", wrong)]
    assert store.read("a") == CONTENT
    assert clock.slept == [1]


def test_content_without_a_checksum_is_compared_with_the_object(bucket, store):
    bucket.objects["a"] = resource("a", b"something else") | {"data": CONTENT}
    bucket.faults = [("before", "GET media", (200, {}, CONTENT))]
    assert store.read("a") == CONTENT
    assert bucket.seen == ["GET media", "GET", "GET media"]


def test_reading_what_is_not_there_names_it(http, store):
    http.get(re.compile(r".*/download/.*"), status=404, body="No such object: demo-bucket/a")
    with pytest.raises(NotFound, match="gs://demo-bucket/a does not exist"):
        store.read("a")


def listing(http, *pages):
    for page in pages:
        http.get(f"{LOCAL}/storage/v1/b/demo-bucket/o", json=page)


def test_names_are_listed_over_all_pages(http, store):
    listing(
        http,
        {"items": [{"name": "log/2"}, {"name": "log/3"}], "nextPageToken": "t"},
        {"items": [{"name": "log/1"}]},
    )
    assert store.names("log/") == ("log/1", "log/2", "log/3")
    assert http.calls[1].request.params["pageToken"] == "t"


def test_folders_are_listed_without_their_prefix(http, store):
    listing(
        http,
        {"prefixes": ["p/b/"], "nextPageToken": "t"},
        {"prefixes": ["p/a/"], "items": [{"name": "p/x"}]},
    )
    assert store.folders("p/") == ("a", "b")


def test_an_empty_listing_is_empty(http, store):
    listing(http, {"kind": "storage#objects"})
    assert store.names("log/") == ()


NO_BUCKET = {"error": {"code": 404, "message": "The specified bucket does not exist."}}


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.stat("a"),
        lambda store: store.names("a"),
        lambda store: store.folders("a/"),
        lambda store: store.create("a", CONTENT),
        lambda store: store.create("a", b"x" * (9 * MIB)),
    ],
    ids=["stat", "names", "folders", "create", "create large"],
)
def test_a_missing_bucket_is_told_with_the_command_that_makes_it(http, store, ask):
    for method in ("GET", "POST"):
        http.add(method, re.compile(f"{re.escape(LOCAL)}/.*"), json=NO_BUCKET, status=404)
    with pytest.raises(NotFound, match="bucket gs://demo-bucket does not exist") as caught:
        ask(store)
    assert caught.value.hint == (
        "gcloud storage buckets create gs://demo-bucket "
        "--project=demo-project --location=us-central1"
    )


def test_a_forbidden_bucket_names_the_permission_and_the_role(http, store):
    message = "me@example.com does not have storage.objects.list access to the bucket."
    http.get(
        f"{LOCAL}/storage/v1/b/demo-bucket/o",
        json={"error": {"code": 403, "message": message}},
        status=403,
    )
    with pytest.raises(PermissionDenied, match=r"storage\.objects\.list") as caught:
        store.names("a")
    assert "roles/storage.objectViewer" in caught.value.hint


def test_an_object_stored_otherwise_than_sent_is_told(http, store):
    http.post(re.compile(f"{re.escape(LOCAL)}/upload/.*"), json=resource("a", b"something else"))
    with pytest.raises(Conflict, match="not the 12 bytes"):
        store.create("a", CONTENT)


def test_the_checksum_of_a_file_is_that_of_its_bytes():
    data = b"x" * (checksums.CHUNK + 1)
    assert checksums.of_file(io.BytesIO(data)) == checksums.of(data) == crc(data)
