"""Many clients at once on one object: every answer is one that the service could give."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from gcp_deploy.emulator.platform import Platform

CONTENTS = [bytes([letter]) * 100_000 for letter in b"abcd"]


def test_readers_writers_and_deleters_never_see_half_an_object(platform: Platform, url: str):
    def work(number: int) -> Counter[int]:
        seen: Counter[int] = Counter()
        with requests.Session() as http:
            for turn in range(12):
                name = f"{url}/storage/v1/b/local-models/o/x"
                kind = (number + turn) % 4
                if kind == 0:
                    answer = http.delete(name)
                elif kind == 1:
                    answer = http.get(f"{name}?alt=media")
                    assert answer.status_code == 404 or answer.content in CONTENTS
                else:
                    answer = http.post(
                        f"{url}/upload/storage/v1/b/local-models/o?uploadType=media&name=x",
                        data=CONTENTS[turn % 4],
                    )
                seen[answer.status_code] += 1
        return seen

    with ThreadPoolExecutor(8) as pool:
        seen = sum(pool.map(work, range(8)), Counter())
    assert set(seen) <= {200, 204, 404}
    files = [path for path in platform.state.folder("blobs").rglob("*") if path.is_file()]
    assert len(files) <= 1


def test_of_many_creators_exactly_one_succeeds(url: str):
    def create(number: int) -> int:
        return requests.post(
            f"{url}/upload/storage/v1/b/local-models/o",
            params={"uploadType": "media", "name": "x", "ifGenerationMatch": "0"},
            data=str(number).encode() * 40_000,
            timeout=60,
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(create, range(24))) == {200: 1, 412: 23}
