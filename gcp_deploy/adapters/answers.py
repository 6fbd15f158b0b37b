"""Foreign exceptions become ours here, and only here."""

from collections.abc import Iterator
from contextlib import contextmanager

import google.api_core.exceptions as api
import google.auth.exceptions as auth
import requests
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from googleapiclient.errors import HttpError

from gcp_deploy import errors
from gcp_deploy.adapters import refusals
from gcp_deploy.adapters.calls import Call, NotBegun
from gcp_deploy.adapters.refusals import Refusal
from gcp_deploy.adapters.roles import role_for
from gcp_deploy.adapters.silence import no_answer
from gcp_deploy.domain.cleaning import clean
from gcp_deploy.ports import Clock

LOGIN = "gcloud auth application-default login"
_TRANSIENT = {408, 429, 500, 502, 503, 504}
_SLOW_DOWN = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
_BUSY = "other operations running"
"""On an endpoint: somebody else is deploying to it, though it is a FAILED_PRECONDITION."""
_FULL = "max allowed number"
"""Of models or versions in a project: waiting does not help, though it is a 429 too."""


@contextmanager
def translated(call: Call, clock: Clock) -> Iterator[None]:
    """Turn whatever Google's libraries raise inside into the errors of :mod:`gcp_deploy.errors`."""
    try:
        yield
    except HttpError as error:
        headers = {str(key): str(value) for key, value in error.resp.items()}
        refusal = refusals.read(int(error.resp.status), headers, error.content, now=clock.now())
        raise refused(refusal, call) from error
    except (api.GoogleAPICallError, InvalidResponse) as error:
        response = getattr(error, "response", None)
        if response is None:
            raise unreadable(call, str(error)) from error
        refusal = refusals.read(
            response.status_code, response.headers, response.content, now=clock.now()
        )
        raise refused(refusal, call) from error
    except DataCorruption as error:
        raise unreadable(call, "content that does not match its checksum") from error
    except requests.exceptions.InvalidJSONError as error:
        raise unreadable(call, "an answer that is no JSON") from error
    except requests.RequestException as error:
        raise no_answer(error, call) from error
    except auth.GoogleAuthError as error:
        raise unauthenticated(error) from error


def refused(refusal: Refusal, call: Call) -> errors.GcpDeployError:
    """Return the error that tells *refusal* of *call*."""
    status, said = refusal.status, f"{call.what}: {refusal.message}"
    if status == 401 or refusal.canonical == "UNAUTHENTICATED":
        return errors.Unauthenticated(said, hint=LOGIN)
    if status == 429 and _FULL in refusal.message:
        return errors.DeployFailed(said, hint="gcp-deploy retire detaches and deletes old versions")
    if status in _TRANSIENT or _SLOW_DOWN & set(refusal.reasons) or status == 499 or status > 504:
        return _come_back(refusal, call)
    if status == 403:
        return _denied(refusal, call)
    taken = status in {409, 412} or refusal.canonical in {"ABORTED", "ALREADY_EXISTS"}
    if taken or _BUSY in refusal.message:
        return errors.Conflict(said, hint="gcp-deploy status shows what is there now")
    if status == 404:
        return errors.NotFound(f"{call.what} does not exist", hint=_other_words(refusal))
    if 300 <= status < 400:
        return errors.UsageError(
            f"{call.what}: the answer was a redirect (HTTP {status}), which is not followed",
            hint="a proxy or a wrong endpoint override stands between",
        )
    if call.instances and status in {400, 413}:
        return _bad_rows(refusal, call)
    if refusal.canonical == "FAILED_PRECONDITION":
        return errors.DeployFailed(said, hint="gcp-deploy status shows what is there now")
    return errors.UsageError(said)


def unreadable(call: Call, seen: str) -> errors.TemporaryError:
    """Return the error for an answer that is not what the protocol says; *seen* tells what."""
    return errors.TemporaryError(
        f"{call.what}: the service answered with {clean(seen, longest=120)}",
        hint="run the same command again",
    )


def unauthenticated(error: auth.GoogleAuthError) -> errors.GcpDeployError:
    """Return the error for credentials that are missing, expired, or cannot be refreshed."""
    text = clean(str(error.args[0] if error.args else error), longest=200)
    if isinstance(error, auth.TransportError | auth.TimeoutError) or error.retryable:
        return NotBegun(f"no access token: {text}", hint="run the same command again")
    permission = "iam.serviceAccounts.getAccessToken"
    if "impersonated" in text or permission in str(error):
        return errors.PermissionDenied(
            f"impersonation: permission {permission} is missing, or there is no such account",
            hint=f"grant {role_for(permission)} on the service account",
        )
    if isinstance(error, auth.DefaultCredentialsError):
        return errors.Unauthenticated(f"no credentials: {text}", hint=LOGIN)
    return errors.Unauthenticated(f"credentials expired or withdrawn: {text}", hint=LOGIN)


def _come_back(refusal: Refusal, call: Call) -> errors.TemporaryError:
    """A 429 is given before anything is done; after a 5xx, whether a write took effect is open."""
    kind = NotBegun if refusal.status in {403, 429} else errors.TemporaryError
    later = f" in {refusal.retry_after:.0f} s" if refusal.retry_after else ""
    return kind(
        f"{call.what}: {refusal.message}",
        hint=f"run the same command again{later}",
        retry_after=refusal.retry_after,
    )


def _denied(refusal: Refusal, call: Call) -> errors.PermissionDenied:
    disabled = "SERVICE_DISABLED" in refusal.reasons or "has not been used" in refusal.message
    if disabled or "accessNotConfigured" in refusal.reasons:
        service = refusal.service or f"{(call.permission or 'aiplatform').split('.')[0]}"
        service = service if "." in service else f"{service}.googleapis.com"
        return errors.PermissionDenied(
            f"{call.what}: the API {service} is not enabled",
            hint=f"gcloud services enable {service}",
        )
    permission = refusal.permission or call.permission
    if not permission:
        return errors.PermissionDenied(f"{call.what}: {refusal.message}")
    role = role_for(permission)
    return errors.PermissionDenied(
        f"{call.what}: permission {permission} is missing: {refusal.message}",
        hint=f"gcloud projects add-iam-policy-binding PROJECT --member=WHO --role={role or 'ROLE'}",
    )


def _bad_rows(refusal: Refusal, call: Call) -> errors.UsageError:
    if "traffic_split" in refusal.message:
        return errors.UsageError(
            f"{call.what} has no traffic: no version is there to answer",
            hint="gcp-deploy promote VERSION",
        )
    return errors.BadInstances(
        f"{call.what}: {refusal.message}",
        hint="gcp-deploy inspect ARTIFACT shows the inputs that the model takes",
    )


def _other_words(refusal: Refusal) -> str:
    return "" if refusal.message.startswith("HTTP ") else refusal.message
