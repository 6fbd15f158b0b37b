"""Traffic splits: whole percents per deployed model, the sum 100 or nothing at all.

Rules and texts: the reference of ``Endpoint.trafficSplit``, ``deployModel`` and ``undeployModel``.
An id that is absent gets no traffic; so does an endpoint whose split is empty.
"""

from collections.abc import Collection, Iterable, Mapping

from gcp_deploy.emulator.problems import failed_precondition, invalid

THE_NEW_ONE = "0"
"""In the split of ``deployModel``: the model that this very call deploys."""


def parse(value: object, field: str = "traffic_split") -> dict[str, int]:
    """Read a split from a request body: integers, also as digits in a string, as protobuf JSON.

    Raises:
        Problem: 400 INVALID_ARGUMENT for anything but a map of ids to whole numbers.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise invalid(f"Invalid value at '{field}' (map), {value!r}")
    return {str(key): _percent(share, f"{field}[{key}]") for key, share in value.items()}


def _percent(value: object, field: str) -> int:
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise invalid(f"Invalid value at '{field}' (TYPE_INT32), {value!r}")


def check(split: Mapping[str, int], deployed: Collection[str]) -> None:
    """Refuse a split that names an unknown deployed model or does not make 100 in sum.

    The empty split is right: the endpoint takes no traffic then.

    Raises:
        Problem: 400 INVALID_ARGUMENT.
    """
    unknown = sorted(key for key in split if key not in deployed)
    if unknown:
        raise invalid(f"The following DeployedModel ID(s) [{', '.join(unknown)}] do not exist.")
    if any(not 0 <= share <= 100 for share in split.values()):
        raise invalid(f"Traffic split percentages must be between 0 and 100, got {dict(split)}.")
    if split and sum(split.values()) != 100:
        raise invalid(f"Traffic split percentages must add up to 100, got {sum(split.values())}.")


def substitute(asked: Mapping[str, int], new_id: str) -> dict[str, int]:
    """Put the real id of the model being deployed in the place of ``"0"``.

    Raises:
        Problem: 400 INVALID_ARGUMENT when the split names the new model twice.
    """
    if THE_NEW_ONE in asked and new_id in asked and new_id != THE_NEW_ONE:
        raise invalid(
            f"The traffic split names the model being deployed twice: as 0 and as {new_id}."
        )
    return {new_id if key == THE_NEW_ONE else key: share for key, share in asked.items()}


def after_deployment(
    current: Mapping[str, int], asked: Mapping[str, int], deployed: Iterable[str], new_id: str
) -> dict[str, int]:
    """Return the split once *new_id* stands beside the *deployed* ones.

    Without an asked split the current one stays as it is, so the new model gets nothing.

    Raises:
        Problem: 400 INVALID_ARGUMENT, as :func:`check`.
    """
    if not asked:
        return dict(current)
    split = substitute(asked, new_id)
    check(split, {*deployed, new_id})
    return split


def after_undeployment(
    current: Mapping[str, int], asked: Mapping[str, int], deployed: Collection[str], leaving: str
) -> dict[str, int]:
    """Return the split once *leaving* is gone from the *deployed* ones.

    The last one empties the split, whatever was asked.

    Raises:
        Problem: 400 FAILED_PRECONDITION when *leaving* would still have traffic.
    """
    staying = set(deployed) - {leaving}
    if asked:
        check(asked, deployed)
    if not staying:
        return {}
    split = dict(asked or current)
    if split.pop(leaving, 0):
        raise failed_precondition(
            f"DeployedModel {leaving} has traffic assigned to it; unassign its traffic before "
            "undeploying it."
        )
    return split


def choose(split: Mapping[str, int], draw: float) -> str | None:
    """Return the deployed model that answers, for a *draw* in [0, 1); None without traffic."""
    point = draw * sum(split.values())
    for key, share in split.items():
        if share and point < share:
            return key
        point -= share
    return None
