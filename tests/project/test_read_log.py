"""scripts/read_log.py reads what the package writes, and stops where the chain is broken."""

import http.server
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gcp_deploy.domain.events import GENESIS, Event, EventType, Lease, chain_hash

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/read_log.py"
START = datetime(2026, 11, 3, 14, 2, tzinfo=UTC)
TYPES = (EventType.STARTED, EventType.VERSION_REGISTERED, EventType.PROMOTED, EventType.FINISHED)


def written(count=4):
    """The bytes of a log as the package stores them."""
    stored = []
    previous = GENESIS
    for number in range(1, count + 1):
        event = Event(
            sequence=number,
            previous=previous,
            time=START + timedelta(seconds=number),
            type=TYPES[(number - 1) % len(TYPES)],
            model="wine",
            run="r1",
            actor="jürgen@example.com",
            version="3",
            because="fixes the \x1b[31mrecall",
            lease=Lease("r1", "ci", "deploy", START + timedelta(minutes=5)),
        )
        stored.append(event.encode())
        previous = chain_hash(stored[-1])
    return stored


def save(folder, stored):
    for number, data in enumerate(stored, 1):
        (folder / f"{number:08d}.json").write_bytes(data)


def read(place, **environment):
    return subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, str(place)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=30,
        check=False,
    )


def test_prints_one_line_for_each_event_without_control_characters(tmp_path):
    save(tmp_path, written())
    done = read(tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert lines[2].split()[:5] == ["3", "2026-11-03T14:02:03.000000Z", "promoted", "wine", "3"]
    assert "\x1b" not in done.stdout


def test_a_log_without_events_holds_but_is_not_passed_over_in_silence(tmp_path):
    done = read(tmp_path)
    assert done.returncode == 0
    assert f"no event in {tmp_path}" in done.stderr


def changed_byte(stored):
    stored[1] = stored[1].replace(b"example.com", b"example.org")
    return stored


def missing_event(stored):
    return [stored[0], *stored[2:]]


def swapped(stored):
    return [stored[0], stored[2], stored[1], stored[3]]


def not_json(stored):
    return [*stored[:3], b"\x80\x04"]


def not_an_object(stored):
    return [*stored[:3], b"[1, 2]"]


def without_a_key(stored):
    body = json.loads(stored[3])
    del body["actor"]
    return [*stored[:3], json.dumps(body).encode()]


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (changed_byte, 3),
        (missing_event, 2),
        (swapped, 2),
        (not_json, 4),
        (not_an_object, 4),
        (without_a_key, 4),
    ],
)
def test_ends_with_1_where_the_chain_is_broken(tmp_path, damage, place):
    save(tmp_path, damage(written()))
    done = read(tmp_path)
    assert done.returncode == 1
    assert f"broken at event {place}" in done.stderr
    assert len(done.stdout.splitlines()) == place - 1


@pytest.fixture
def bucket():
    """A storage server that lists two objects a page, and asks for a token."""
    objects = {f"serving/wine/log/{n:08d}.json": d for n, d in enumerate(written(7), 1)}
    objects["serving/wine/log/readme.txt"] = b"not an event"
    objects["serving/wine2/log/00000001.json"] = b"another model's"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            if self.headers.get("Authorization") != "Bearer letmein":
                self.send_error(401)
                return
            name = unquote(url.path.removeprefix("/storage/v1/b/models/o").lstrip("/"))
            body = objects[name] if name else json.dumps(self.page(parse_qs(url.query))).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def page(self, query):
            names = sorted(name for name in objects if name.startswith(query["prefix"][0]))
            start = int(query.get("pageToken", ["0"])[0])
            items = [{"name": name} for name in names[start : start + 2]]
            more = {"nextPageToken": str(start + 2)} if start + 2 < len(names) else {}
            return {"items": items} | more

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("place", ["gs://models/serving/wine", "gs://models/serving/wine/log/"])
def test_reads_a_bucket_page_by_page_with_a_token(bucket, place):
    done = read(place, STORAGE_EMULATOR_HOST=bucket, TOKEN="letmein")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == list("1234567")


def test_is_short_enough_to_be_read_before_it_is_trusted():
    text = SCRIPT.read_text()
    assert len(text.splitlines()) <= 60
    assert "gcp_deploy" not in text
