"""When no answer comes: why, as far as can be known, in words."""

import errno
from collections.abc import Iterator

import requests

from gcp_deploy import errors
from gcp_deploy.adapters.calls import Call

_CUT_OFF = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)
"""An answer began: the request is not under way any more."""


def no_answer(error: requests.RequestException, call: Call) -> errors.GcpDeployError:
    """Return the error for a request that got no answer, or not a whole one."""
    if isinstance(error, ValueError):
        return errors.UsageError(f"{call.what}: not an address that can be asked")
    causes = list(_causes(error))
    if any("CERTIFICATE_VERIFY_FAILED" in str(one) for one in causes):
        return errors.UsageError(
            f"{call.what}: the certificate of the service is not trusted here",
            hint="REQUESTS_CA_BUNDLE names the file with your proxy's certificate",
        )
    numbers = {one.errno for one in causes if isinstance(one, OSError)}
    names = {type(one).__name__ for one in causes}
    if errno.ECONNREFUSED in numbers:
        how = "nobody listens there"
    elif "NameResolutionError" in names or "gaierror" in names:
        how = "the host name is unknown"
    elif isinstance(error, requests.Timeout):
        how = "not in time"
    elif isinstance(error, _CUT_OFF):
        how = "the answer was cut off"
    else:
        how = "the connection broke"
    return errors.TemporaryError(
        f"{call.what}: no answer from {_host(error)}: {how}",
        hint="run the same command again",
        answered=isinstance(error, _CUT_OFF),
    )


def _host(error: requests.RequestException) -> str:
    """The host alone: the rest of an address may hold an upload session."""
    url = getattr(error.request, "url", None) or ""
    return url.partition("://")[2].partition("/")[0] or "the service"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk what lies under *error*; urllib3 hides the reason in arguments and attributes."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
