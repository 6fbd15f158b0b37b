"""What a value of the settings has to look like, beyond its type.

A check returns the value as it is used from then on, or raises ValueError or BadName saying what
is expected.
"""

import re
from urllib.parse import urlsplit

from gcp_deploy.domain import names
from gcp_deploy.errors import BadName

RESERVED_LABELS = "gcp-deploy-"
_LOOPBACK = r"localhost|127(\.\d{1,3}){3}|::1"
_PREFIX = r"(?:[A-Za-z0-9_.=-]+(?:/[A-Za-z0-9_.=-]+)*)?"


def is_loopback(host: str) -> bool:
    """Tell whether *host*, without a port, is this machine."""
    return re.fullmatch(_LOOPBACK, host.lower().strip("[]")) is not None


def model(name: str) -> str:
    """A model name on one of the platforms; which one is known only with the target."""
    rules = []
    for platform in (names.AIPLATFORM, names.ML_ENGINE):
        try:
            return names.check_model(name, platform)
        except BadName as error:
            rules.append(f"on {platform} {error.hint}")
    raise ValueError("; ".join(rules))


def target(name: str) -> str:
    """The name of a target: letters, digits, ``-`` and ``_``."""
    return _match(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", name, "letters, digits, '-' and '_'")


def prefix(text: str) -> str:
    """A folder of the bucket without slashes around it; empty means the bucket itself."""
    if not re.fullmatch(_PREFIX, text) or {".", ".."} & set(text.split("/")):
        raise ValueError("a folder such as 'models/churn', without slashes at its ends")
    return text


def machine_type(text: str) -> str:
    """A Compute Engine or mls1 machine type."""
    pattern = r"[a-z][a-z0-9]*(-[a-z0-9]+)+"
    return _match(pattern, text, "a machine type such as n1-standard-2")


def account(text: str) -> str:
    """The e-mail address of a service account."""
    expected = "a service account such as deployer@PROJECT.iam.gserviceaccount.com"
    return _match(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+", text, expected)


def replicas(number: int) -> int:
    """A number of replicas."""
    if not 1 <= number <= 1000:
        raise ValueError("a whole number from 1 to 1000")
    return number


def runtime_version(text: str) -> str:
    """A runtime version of ml-engine."""
    return _match(r"\d+\.\d+", text, 'a runtime version such as "2.11"')


def python_version(text: str) -> str:
    """A Python version of ml-engine."""
    return _match(r"[23]\.\d+", text, 'a Python version such as "3.7"')


def image(text: str) -> str:
    """The address of a container image."""
    return _match(
        r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+([:@][A-Za-z0-9._:-]+)?",
        text,
        "an image such as us-docker.pkg.dev/PROJECT/REPOSITORY/NAME:TAG",
    )


def text(value: str) -> str:
    """Any text but an empty one."""
    if not value.strip():
        raise ValueError("some text")
    return value


def module(name: str) -> str:
    """The name of a Python module."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError("module names such as my_company.features")
    return name


def label(key: str, value: str) -> None:
    """A label that is not one of our own."""
    names.check_label(key, value)
    if key.startswith(RESERVED_LABELS):
        raise ValueError(f"labels that do not start with {RESERVED_LABELS!r}, which are our own")


def url(value: str) -> str:
    """The root of an API: scheme and host, the scheme optional; the version path is dropped.

    gcloud writes its overrides as ``http://127.0.0.1:8080/`` and for storage with
    ``/storage/v1/`` at the end. Without a scheme it is http on this machine and https elsewhere.
    """
    expected = "a URL such as http://127.0.0.1:8080"
    if "://" not in value:
        host = urlsplit(f"//{value}").hostname or ""
        value = f"{'http' if is_loopback(host) else 'https'}://{value}"
    try:
        parts = urlsplit(value)
        valid = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(expected) from error
    path = re.sub(r"/(?:storage/)?v1$", "", parts.path.rstrip("/"))
    bad = parts.query or parts.fragment or "@" in parts.netloc or re.search(r"\s", value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or bad or not valid:
        raise ValueError(f"{expected}, without user, query or fragment")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _match(pattern: str, value: str, expected: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ValueError(expected)
    return value
