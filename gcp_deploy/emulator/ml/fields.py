"""Fields of request bodies: which exist, and what they may hold."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from gcp_deploy.emulator.problems import invalid

MODEL_FIELDS = frozenset(
    [
        "name",
        "description",
        "defaultVersion",
        "regions",
        "onlinePredictionLogging",
        "onlinePredictionConsoleLogging",
        "labels",
        "etag",
    ]
)
VERSION_OUTPUTS = frozenset(
    [
        "isDefault",
        "createTime",
        "lastUseTime",
        "lastMigrationTime",
        "lastMigrationModelId",
        "state",
        "errorMessage",
        "etag",
    ]
)
VERSION_FIELDS = VERSION_OUTPUTS | frozenset(
    [
        "name",
        "description",
        "deploymentUri",
        "runtimeVersion",
        "pythonVersion",
        "framework",
        "machineType",
        "packageUris",
        "predictionClass",
        "autoScaling",
        "manualScaling",
        "acceleratorConfig",
        "requestLoggingConfig",
        "serviceAccount",
        "container",
        "routes",
        "explanationConfig",
        "labels",
    ]
)
FRAMEWORKS = ("FRAMEWORK_UNSPECIFIED", "TENSORFLOW", "SCIKIT_LEARN", "XGBOOST")

_LABEL_KEY = re.compile(r"[^\W\dA-Z_][\w-]{0,62}")
_LABEL_VALUE = re.compile(r"[\w-]{0,63}")


def camel(name: str) -> str:
    """Return a field name as it is written in JSON, each part of a path by itself."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def message(value: object, known: Collection[str], at: str) -> dict[str, Any]:
    """Return a JSON object whose fields are all known, in camelCase, without nulls.

    Raises:
        Problem: 400 INVALID_ARGUMENT, as Google's JSON layer says it.
    """
    if not isinstance(value, dict):
        raise invalid(f"Invalid value at '{at}' (message), {value!r}")
    fields = {camel(name): content for name, content in value.items() if content is not None}
    for name in fields:
        if name not in known:
            raise invalid(
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{at}': "
                "Cannot find field."
            )
    return fields


def text(fields: Mapping[str, Any], name: str, at: str) -> str:
    """Return a string field, ``""`` when it is missing."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise invalid(f"Invalid value at '{at}' (TYPE_STRING), {value!r}")
    return value


def flag(fields: Mapping[str, Any], name: str, at: str) -> bool:
    """Return a boolean field, false when it is missing."""
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise invalid(f"Invalid value at '{at}' (TYPE_BOOL), {value!r}")
    return value


def framework(fields: Mapping[str, Any]) -> str:
    """Return the framework by name; clients send numbers, too."""
    value = fields.get("framework", 0)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(FRAMEWORKS):
        return FRAMEWORKS[value]
    if value not in FRAMEWORKS:
        raise invalid(f"Invalid value at 'version.framework' (TYPE_ENUM), {value!r}")
    return str(value)


def labels(fields: Mapping[str, Any], at: str) -> dict[str, str]:
    """Return the labels, checked: lower case letters, digits, ``_`` and ``-``, at most 63, 64."""
    value = fields.get("labels", {})
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid(f"Invalid value at '{at}' (map of strings), {value!r}")
    if len(value) > 64:
        raise invalid(f"Field '{at}' has {len(value)} labels; at most 64 are allowed.")
    for key, content in value.items():
        right = _LABEL_KEY.fullmatch(key) and _LABEL_VALUE.fullmatch(content)
        if not right or content != content.lower() or key != key.lower():
            raise invalid(f"Invalid label {key!r}: {content!r} in '{at}'.")
    return dict(value)


def mask(text: str, changeable: Collection[str]) -> tuple[str, ...]:
    """Return the fields of an update mask, in camelCase.

    Raises:
        Problem: 400 INVALID_ARGUMENT without a mask, or for a field that cannot change.
    """
    names = tuple(camel(part.strip()) for part in text.split(",") if part.strip())
    if not names:
        raise invalid("Field: update_mask Error: An update mask is required.")
    for name in names:
        if name not in changeable:
            raise invalid(
                f"Field: update_mask Error: {name} cannot be updated; "
                f"{', '.join(sorted(changeable))} can."
            )
    return names
