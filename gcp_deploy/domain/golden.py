"""Golden rows: a few stored inputs with the answers the artifact itself gave.

They are replayed on what is really served. JSON cannot tell ``1`` from ``1.0`` on every platform
(``aiplatform`` answers through ``google.protobuf.Value``, all doubles), and another BLAS may move
the last bits of a float, so numbers are equal within :data:`RELATIVE` and :data:`ABSOLUTE`;
everything else must be equal exactly.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gcp_deploy.domain.names import Digest
from gcp_deploy.errors import UsageError

RELATIVE = 1e-6
ABSOLUTE = 1e-9
MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class GoldenRows:
    """Instances, and for each of them the prediction of the artifact."""

    instances: tuple[Any, ...]
    predictions: tuple[Any, ...]
    source: str
    """``file``, or ``derived`` from the artifact."""

    def encode(self) -> bytes:
        """Write the rows as canonical JSON: the same rows are the same bytes."""
        body = {
            "schema_version": 1,
            "source": self.source,
            "instances": list(self.instances),
            "predictions": list(self.predictions),
        }
        return json.dumps(body, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()

    @property
    def digest(self) -> Digest:
        """The digest of the encoded rows."""
        return Digest.of(self.encode())


def decode(data: bytes) -> GoldenRows:
    """Read what :meth:`GoldenRows.encode` wrote, or raise UsageError."""
    try:
        body = json.loads(data)
        rows = GoldenRows(
            tuple(body["instances"]), tuple(body["predictions"]), str(body.get("source", "file"))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"not golden rows: {error}",
            hint='{"instances": [...], "predictions": [...]}, as many of the one as of the other',
        ) from error
    if not rows.instances or len(rows.instances) != len(rows.predictions):
        raise UsageError(
            f"golden rows need as many predictions as instances: {len(rows.instances)} instances, "
            f"{len(rows.predictions)} predictions"
        )
    return rows


def differences(expected: Sequence[Any], answered: Sequence[Any]) -> list[str]:
    """Say row by row where *answered* is not *expected*; an empty list means equal."""
    if len(expected) != len(answered):
        return [f"{len(answered)} predictions for {len(expected)} rows"]
    return [
        f"row {index}: {_short(got)} instead of {_short(want)}"
        for index, (want, got) in enumerate(zip(expected, answered, strict=True))
        if not equal(want, got)
    ]


def equal(want: Any, got: Any) -> bool:
    """Compare two JSON values as golden answers; NaN equals nothing."""
    if isinstance(want, bool) or isinstance(got, bool) or want is None or got is None:
        return type(want) is type(got) and want == got
    if isinstance(want, int | float) and isinstance(got, int | float):
        return math.isclose(want, got, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    if isinstance(want, list | tuple) and isinstance(got, list | tuple):
        return len(want) == len(got) and all(map(equal, want, got))
    if isinstance(want, dict) and isinstance(got, dict):
        return want.keys() == got.keys() and all(equal(want[key], got[key]) for key in want)
    return type(want) is type(got) and bool(want == got)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
