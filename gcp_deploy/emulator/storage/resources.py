"""The fields of an object that clients may set, checked."""

from collections.abc import Mapping
from typing import Any

from gcp_deploy.emulator.problems import invalid

_WORDS = (
    "contentType",
    "contentEncoding",
    "contentDisposition",
    "contentLanguage",
    "cacheControl",
    "customTime",
    "storageClass",
)
_FLAGS = ("eventBasedHold", "temporaryHold")
_METADATA_LIMIT = 8 * 1024
DEFAULT_TYPE = "application/octet-stream"


def settable(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *body* sets; ids, links, times and checksums in it are not the client's.

    Raises:
        Problem: 400 for a field of the wrong type, or custom metadata above 8 KiB.
    """
    resource: dict[str, Any] = {}
    for name in _WORDS:
        if (value := body.get(name)) is not None:
            if not isinstance(value, str):
                raise invalid(f"Invalid value for field {name}")
            resource[name] = value
    for name in _FLAGS:
        if isinstance(body.get(name), bool):
            resource[name] = body[name]
    if (metadata := body.get("metadata")) is not None:
        resource["metadata"] = _metadata(metadata)
    return resource


def patched(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return *before* with the fields of *body* merged in: null deletes, also a metadata key."""
    resource = {key: value for key, value in before.items() if body.get(key, "") is not None}
    changes = {key: value for key, value in body.items() if key != "metadata"}
    resource |= settable(changes)
    if isinstance(body.get("metadata"), Mapping):
        merged = {**before.get("metadata", {}), **body["metadata"]}
        kept = {key: value for key, value in merged.items() if value is not None}
        resource["metadata"] = _metadata(kept)
    elif body.get("metadata") is not None:
        raise invalid("Invalid value for field metadata")
    return resource


def _metadata(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise invalid("Invalid value for field metadata")
    pairs = {str(key): text for key, text in value.items() if text is not None}
    if not all(isinstance(text, str) for text in pairs.values()):
        raise invalid("Invalid value for field metadata: values are strings")
    size = sum(len(key) + len(text.encode("utf-8", "replace")) for key, text in pairs.items())
    if size > _METADATA_LIMIT:
        raise invalid(f"The total size of custom metadata is limited to {_METADATA_LIMIT} bytes.")
    return pairs
