"""Names of ``ml`` v1: by project id, unlike those of ``aiplatform``."""

import re
from typing import TYPE_CHECKING

from gcp_deploy.emulator.problems import Code, Problem, invalid, not_found

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

PROJECT = "/v1/projects/{project}"
"""How the templates of all methods begin."""
MODEL = f"{PROJECT}/models/{{model}}"
VERSION = f"{MODEL}/versions/{{version}}"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")


def check_project(platform: "Platform", project: str) -> None:
    """Raise 403 PERMISSION_DENIED for another project than the platform's."""
    if project not in {platform.project, platform.project_number}:
        raise Problem(
            Code.PERMISSION_DENIED,
            f"Permission denied on resource project {project} (or it may not exist).",
        )


def model_name(platform: "Platform", model: str) -> str:
    """Return the resource name of a model."""
    return f"projects/{platform.project}/models/{model}"


def version_name(platform: "Platform", model: str, version: str) -> str:
    """Return the resource name of a version."""
    return f"{model_name(platform, model)}/versions/{version}"


def check_id(text: object, field: str) -> str:
    """Return the bare id of a new model or version, or raise 400 INVALID_ARGUMENT.

    Letters, digits and underscores, beginning with a letter, at most 128.
    """
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise field_error(
            field,
            f"{text!r} is not valid. Names start with a letter and contain only letters, numbers "
            "and underscores, at most 128.",
        )
    return text


def field_error(field: str, description: str, code: Code = Code.INVALID_ARGUMENT) -> Problem:
    """Return an error as this API writes nearly all of them: ``Field: F Error: D``."""
    problem = invalid(description, field=field)
    message = f"Field: {field} Error: {description}"
    return Problem(code, message, details=problem.details)


def no_model(platform: "Platform", model: str) -> Problem:
    """Return 404 NOT_FOUND for a model."""
    return not_found(
        f'Field: name Error: The model resource: "{model_name(platform, model)}" was not found. '
        "Please create the Cloud ML model resource first by using "
        f"'gcloud ai-platform models create {model}'."
    )


def no_version(platform: "Platform", model: str, version: str) -> Problem:
    """Return 404 NOT_FOUND for a version."""
    name = version_name(platform, model, version)
    return not_found(f'Field: name Error: The version resource: "{name}" was not found.')
