"""The body of a prediction, there and back: the same on both platforms."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gcp_deploy.adapters.answers import unreadable
from gcp_deploy.adapters.calls import Call
from gcp_deploy.errors import BadInstances, DeployFailed


def body_of(instances: Sequence[Any]) -> dict[str, Any]:
    """Return ``{"instances": […]}``. ``parameters`` is left out: scikit-learn images refuse it.

    BadInstances, naming the row, when a row is not JSON.
    """
    rows = list(instances)
    for number, row in enumerate(rows):
        try:
            json.dumps(row, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise BadInstances(
                f"row {number} is not JSON: {error}",
                hint="a missing value is null; NaN and Infinity are no JSON numbers",
            ) from error
    return {"instances": rows}


def predictions_of(answer: Mapping[str, Any], count: int, call: Call) -> list[Any]:
    """Return the predictions in *answer*: one for each of *count* instances.

    DeployFailed when the model answers more or fewer rows.
    """
    found = answer.get("predictions")
    if not isinstance(found, list):
        raise unreadable(call, "predictions that are no list")
    if len(found) != count:
        raise DeployFailed(
            f"{call.what} gave {len(found)} predictions for {count} instances",
            hint="the model has to answer every row",
        )
    return found
