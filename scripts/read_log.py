"""Read and verify a release log with nothing but the standard library.

python scripts/read_log.py DIRECTORY                    a folder of NNNNNNNN.json files
python scripts/read_log.py gs://BUCKET/PREFIX/MODEL     over HTTP, as whoever TOKEN belongs to:
                                                        TOKEN=$(gcloud auth print-access-token)
STORAGE_EMULATOR_HOST is honoured. Prints a line per event; ends with 1 where the numbers have a
gap, a hash does not hold, or something stored is no event.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

HOST = os.environ.get("STORAGE_EMULATOR_HOST", "https://storage.googleapis.com").rstrip("/")
HEADERS = {"Authorization": f"Bearer {os.environ['TOKEN']}"} if os.environ.get("TOKEN") else {}


def get(url: str) -> bytes:
    """Return what *url* answers."""
    with urlopen(Request(url, headers=HEADERS)) as answer:  # noqa: S310 - a URL made here
        return bytes(answer.read())


def stored(place: str) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each event, in order."""
    if not place.startswith("gs://"):
        for path in sorted(Path(place).glob("[0-9]" * 8 + ".json")):
            yield int(path.stem), path.read_bytes()
        return
    bucket, _, folder = place.removeprefix("gs://").rstrip("/").partition("/")
    query = {"prefix": folder.removesuffix("/log") + "/log/", "pageToken": "", "fields": "*"}
    while "pageToken" in query:
        page = json.loads(get(f"{HOST}/storage/v1/b/{bucket}/o?{urlencode(query)}"))
        for name in sorted(item["name"] for item in page.get("items", [])):
            if number := re.search(r"/(\d{8})\.json$", name):
                url = f"{HOST}/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media"
                yield int(number[1]), get(url)
        del query["pageToken"]
        query |= {"pageToken": page["nextPageToken"]} if page.get("nextPageToken") else {}


expected, previous = 1, "sha256:" + "0" * 64
for number, data in stored(sys.argv[1]):
    try:
        event = json.loads(data)
        words = [event[key] for key in ("time", "type", "model", "version", "actor", "because")]
        if not (number == event["sequence"] == expected and event["previous"] == previous):
            sys.exit(f"broken at event {number}: {expected} should follow, after {previous}")
    except (ValueError, KeyError, TypeError) as error:
        sys.exit(f"broken at event {number}: not an event ({error!r})")
    print(f"{number:>6}", *(ascii(word)[1:-1] for word in words if word), sep="  ")
    expected, previous = number + 1, f"sha256:{hashlib.sha256(data).hexdigest()}"
if expected == 1:
    print(f"no event in {sys.argv[1]}", file=sys.stderr)
