"""One upload in a process of its own: upload_child.py METHOD HOST BUCKET FILE.

Prints the seconds from the first byte read to the answer of the service; imports are not in it.
"""

import base64
import http.client
import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

NAME = "benchmark/object"
CHUNK = 8 << 20


def bare(host: str, bucket: str, path: Path) -> Callable[[], None]:
    """Read, checksum and send in one request: what nobody can be faster than."""
    import google_crc32c

    def send() -> None:
        connection = http.client.HTTPConnection(urlsplit(host).netloc, timeout=600)
        url = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(NAME, safe='')}"
        connection.putrequest("POST", f"{url}&ifGenerationMatch=0")
        connection.putheader("Content-Length", str(path.stat().st_size))
        connection.putheader("Content-Type", "application/octet-stream")
        connection.endheaders()
        crc = 0
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                crc = google_crc32c.extend(crc, chunk)
                connection.send(chunk)
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()
        if base64.b64encode(crc.to_bytes(4, "big")).decode() not in said:
            sys.exit(f"{answer.status}: {said}")

    return send


def library(host: str, bucket: str, path: Path) -> Callable[[], None]:
    """Send with google-cloud-storage, in chunks of 8 MiB."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    client = Client("p", AnonymousCredentials(), client_options={"api_endpoint": host})
    blob = client.bucket(bucket).blob(NAME, chunk_size=CHUNK)
    return lambda: blob.upload_from_filename(str(path), if_generation_match=0, timeout=600)


def adapter(host: str, bucket: str, path: Path) -> Callable[[], None]:
    """Send with our adapter."""
    from gcp_deploy.adapters.clock import SystemClock
    from gcp_deploy.adapters.connect import connect

    ports = connect(
        "aiplatform",
        project="local-project",
        region="us-central1",
        bucket=bucket,
        storage_url=host,
        aiplatform_url=host,
        deadline=timedelta(minutes=10),
        clock=SystemClock(),
        random=random.random,
    )

    def send() -> None:
        with path.open("rb") as file:
            ports.store.create(NAME, file)

    return send


def main() -> None:
    """Prepare the method named on the command line, then send."""
    method, host, bucket, path = sys.argv[1:]
    methods = {"bare": bare, "library": library, "adapter": adapter}
    send = methods[method](host, bucket, Path(path))
    start = time.perf_counter()
    send()
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
