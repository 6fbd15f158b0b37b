"""How quickly a large artifact is uploaded, and in how much memory."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

from scripts.benchmarks.embedded import Platform, running
from scripts.benchmarks.measuring import MIB, PYTHON, Row, Samples, run
from scripts.benchmarks.upload_child import NAME

CHILD = Path(__file__).with_name("upload_child.py")
BARE = "read, crc32c and send"
LIBRARY = "google-cloud-storage, 8 MiB chunks"
ADAPTER = "our adapter"
METHODS = {BARE: "bare", LIBRARY: "library", ADAPTER: "adapter"}
SIZES_MIB = (256, 1024)
PEAK_MIB = 80


def make_file(path: Path, size_mib: int) -> None:
    """Write bytes that do not compress; the same 8 MiB in turn with a number in front."""
    block = os.urandom(8 * MIB - 8)
    with path.open("wb") as file:
        for number in range(size_mib // 8):
            file.write(number.to_bytes(8, "big") + block)


def delete(platform: Platform) -> None:
    """Remove what was uploaded, so that the next upload finds nothing."""
    name = NAME.replace("/", "%2F")
    url = f"{platform.urls['storage']}/storage/v1/b/{platform.bucket}/o/{name}"
    with urlopen(Request(url, method="DELETE")):  # noqa: S310 - the platform started here
        pass


def measure_size(size_mib: int, repetitions: int) -> Iterator[Row]:
    """Upload one file by each method in turn."""
    speed = Samples(f"upload {size_mib} MiB", "MB/s")
    memory = Samples(f"upload {size_mib} MiB", "MiB")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as platform:
        path = Path(folder, "artifact.bin")
        make_file(path, size_mib)
        for _ in range(repetitions):
            for name, method in METHODS.items():
                where = [platform.urls["storage"], platform.bucket, str(path)]
                ran = run([PYTHON, str(CHILD), method, *where])
                speed.add(name, size_mib * MIB / 1e6 / float(ran.output))
                memory.add(name, ran.peak_mib)
                delete(platform)
    yield speed.row(BARE)
    yield speed.row(LIBRARY, yardstick=BARE)
    yield speed.row(ADAPTER, yardstick=BARE)
    yield speed.row(ADAPTER, yardstick=LIBRARY, ratio_at_least=1)
    yield memory.row(BARE)
    yield memory.row(LIBRARY)
    yield memory.row(ADAPTER, at_most=PEAK_MIB)


def measure(repetitions: int) -> Iterator[Row]:
    """Upload 256 MiB and 1 GiB."""
    for size_mib in SIZES_MIB:
        yield from measure_size(size_mib, repetitions)
