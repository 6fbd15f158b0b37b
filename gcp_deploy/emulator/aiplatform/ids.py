"""Ids that users choose; those that the server makes have 19 digits.

Rules: ``UploadModelRequest.modelId``, ``endpoints.create?endpointId``, ``DeployedModel.id``.
"""

import re

from gcp_deploy.emulator.problems import invalid

_MODEL = re.compile(r"[a-z_][a-z0-9_-]{0,62}")
_ENDPOINT = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8}")
_DEPLOYED_MODEL = re.compile(r"[0-9]{1,10}")


def check_model_id(value: str) -> None:
    """Refuse a model id against the rules.

    Raises:
        Problem: 400 INVALID_ARGUMENT.
    """
    if not _MODEL.fullmatch(value):
        raise invalid(
            f"Invalid model_id '{value}': it may be up to 63 characters of [a-z0-9_-] and must not "
            "begin with a number or a hyphen."
        )


def check_endpoint_id(value: str) -> None:
    """Refuse an endpoint id against the rules.

    Raises:
        Problem: 400 INVALID_ARGUMENT.
    """
    if not _ENDPOINT.fullmatch(value):
        raise invalid(
            f"Invalid endpoint_id '{value}': beginning with a letter it may be up to 63 characters "
            "of [a-z0-9-] ending in a letter or number; beginning with a number, up to 9 digits "
            "without a leading zero."
        )


def check_deployed_model_id(value: str) -> None:
    """Refuse the id of a deployed model against the rules; ``"0"`` has a meaning of its own.

    Raises:
        Problem: 400 INVALID_ARGUMENT.
    """
    if not _DEPLOYED_MODEL.fullmatch(value) or value == "0":
        raise invalid(
            f"Invalid deployed_model.id '{value}': it must be 1-10 characters of [0-9], and not 0."
        )
