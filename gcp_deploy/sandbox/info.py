"""What a child process tells about the model it loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A loaded model, described."""

    load_seconds: float
    resident_bytes: int
    """Of the whole process, after loading."""
    estimator: str
    """Module and class of the object in the file."""
    fitted: bool
    features: int | None
    """The number of columns it was fitted on; None for text and for what does not say."""
    feature_names: tuple[str, ...] | None
    classes: tuple[Any, ...] | None
    task: str
    """``classification``, ``regression``, ``clustering`` or ``unknown``."""
    named_columns: tuple[str, ...]
    """Columns that the pipeline selects by name, so that it needs rows with names."""
    warnings: tuple[str, ...]
    protections: tuple[str, ...]
    """The protections that are on in this process, in words."""

    @classmethod
    def decode(cls, body: Mapping[str, Any]) -> "ModelInfo":
        """Read what the child wrote; KeyError, TypeError or ValueError when it is malformed."""
        names, classes = body["feature_names"], body["classes"]
        return cls(
            load_seconds=float(body["load_seconds"]),
            resident_bytes=int(body["resident_bytes"]),
            estimator=str(body["estimator"]),
            fitted=bool(body["fitted"]),
            features=None if body["features"] is None else int(body["features"]),
            feature_names=None if names is None else tuple(map(str, names)),
            classes=None if classes is None else tuple(classes),
            task=str(body["task"]),
            named_columns=tuple(map(str, body["named_columns"])),
            warnings=tuple(map(str, body["warnings"])),
            protections=tuple(map(str, body["protections"])),
        )
