"""The client: it finds the model once, then asks it."""

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from gcp_deploy.client import answers, rows
from gcp_deploy.client.prediction import Part, Prediction, merged
from gcp_deploy.client.retrying import Retries, ask
from gcp_deploy.client.timing import Timing
from gcp_deploy.client.tokens import Tokens
from gcp_deploy.client.transport import Reply, Transport, Urllib3Transport
from gcp_deploy.errors import NotFound, TemporaryError, UsageError

if TYPE_CHECKING:
    from gcp_deploy.client.address import Address, Base
    from gcp_deploy.settings.model import Settings

_JSON = {"content-type": "application/json", "user-agent": "gcp-deploy-client"}
_ML_ENGINE = "ml-engine"
_MOST_TRIES = 1000
"""At a share of 1 % a version stays silent so long once in 23,000 times."""


class PredictionClient:
    """Asks one model for predictions. Threads may share it; it keeps its connections.

    Args:
        model: the model; without it the one of the settings, or the only one there is.
        target: the target of the settings file.
        project: instead of the one of the settings.
        region: instead of the one of the settings.
        endpoint_url: the root of the API, such as ``http://127.0.0.1:8080``.
        timeout: seconds for a whole call, with all its parts and repetitions.
        retries: how often and how patiently is asked again.
        credentials: of google-auth; only needed when those of the environment are not to be used.
        transport: instead of urllib3.
        settings: instead of those of the process.
        timing: clock and chance, for tests.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        target: str | None = None,
        project: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        timeout: float = 30.0,
        retries: Retries | None = None,
        credentials: Any = None,
        transport: Transport | None = None,
        settings: "Settings | None" = None,
        timing: Timing | None = None,
    ) -> None:
        self._said = {"model": model, "target": target, "project": project, "region": region}
        self._endpoint_url = endpoint_url
        self._timeout = timeout
        self._retries = retries or Retries()
        self._credentials = credentials
        self._transport = transport or Urllib3Transport()
        self._settings = settings
        self._timing = timing or Timing()
        self._lock = Lock()
        self._tokens = Tokens(credentials)
        self._base: Base | None = None
        self._model = ""
        self._address: Address | None = None

    def predict(
        self, rows: Any, *, version: str | None = None, timeout: float | None = None
    ) -> Prediction:
        """Return the predictions for *rows*, in their order.

        *rows* are a list of lists, objects or values, a numpy array, or a frame of pandas or
        polars; :mod:`gcp_deploy.client.encoding` tells what becomes of their values. *version* is
        asked by name on ml-engine; on aiplatform (a number or an alias) it is asked for again and
        again until it is the one that the traffic split lets answer.
        *timeout* is in seconds. A request that is too large goes in parts.

        Raises:
            BadInstances: a value that JSON cannot say, or rows that the model does not take.
            NotFound: no such model or version.
            Unauthenticated, PermissionDenied: who we are is unknown, or may not do this.
            TemporaryError: no answer in time, or the service is overloaded.
            ModelFailed: another number of predictions than of rows.
            UsageError: settings that lack something; the endpoint has no traffic.
        """
        deadline = self._timing.monotonic() + (self._timeout if timeout is None else timeout)
        address = self._resolve(deadline)
        try:
            return self._predict(rows, version, address, deadline)
        except NotFound:
            # The endpoint may have been made anew, and the version deployed, since we looked.
            fresh = self._resolve(deadline, again=True)
            if fresh == address:
                raise
            return self._predict(rows, version, fresh, deadline)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _predict(
        self, given: Any, version: str | None, address: "Address", deadline: float
    ) -> Prediction:
        number, url = self._route(version, address, deadline)
        known = rows.as_sequence(given)
        pending = list(rows.bodies(known, address.limit))
        found: list[tuple[list[Any], Part]] = []
        while pending:
            body = pending.pop(0)
            try:
                found.append(self._ask_part(url, body, number, address, deadline))
            except answers.TooLarge:
                if body.rows == 1:
                    raise
                pending[:0] = rows.halves(known, body)
        return merged(self._model, found)

    def _ask_part(
        self, url: str, body: rows.Body, number: str, address: "Address", deadline: float
    ) -> tuple[list[Any], Part]:
        what = f"model {self._model}" + (f"@{number}" if number else "")
        for _ in range(_MOST_TRIES if number else 1):
            reply = self._send("POST", url, body.data, deadline)
            content = answers.json_of(reply, what)
            predictions = answers.predictions_of(content, body.rows, what)
            said = str(content.get("modelVersionId") or "")
            if not said or said == number or not number:
                version = number or said or self._default_now(address, deadline)
                return predictions, Part(
                    body.rows, version, str(content.get("deployedModelId", ""))
                )
        raise TemporaryError(
            f"{what} did not answer one of {_MOST_TRIES} requests",
            hint="'gcp-deploy status' shows its share",
        )

    def _route(self, version: str | None, address: "Address", deadline: float) -> tuple[str, str]:
        """Return the number of the version, when one is asked, and the URL that asks."""
        if version is None:
            return "", f"{address.url}:predict"
        from gcp_deploy.domain.names import check_version

        base = self._known_base()
        check_version(version, base.protocol)
        if base.protocol == _ML_ENGINE:
            return version, f"{address.url}/versions/{version}:predict"
        if not version.isdecimal():
            what = f"version {self._model}@{version}"
            resource = self._get(base.model(f"{self._model}@{version}"), deadline, what)
            version = str(resource.get("versionId", version))
        self._resolve(deadline, again=True).check_reachable(version, self._model)
        return version, f"{address.url}:predict"

    def _default_now(self, address: "Address", deadline: float) -> str:
        """Return the default version of the legacy service, if it was the same before we asked."""
        base = self._known_base()
        if base.protocol != _ML_ENGINE:
            return ""
        from gcp_deploy.client.address import default_version

        url, what = base.model(self._model), f"model {self._model}"
        now = default_version(self._get(url, deadline, what))
        if now != address.default:
            with self._lock:
                self._address = replace(address, default=now)
            return ""
        return now

    def _resolve(self, deadline: float, *, again: bool = False) -> "Address":
        """Find the model and its address, once for all threads."""
        with self._lock:
            if self._address is not None and not again:
                return self._address
            from gcp_deploy.client import address, finding
            from gcp_deploy.domain.names import check_model

            settings = self._settings or finding.settings_of(**self._said)
            if self._base is None:
                self._base = finding.base_of(settings, self._endpoint_url)
                self._tokens = Tokens(
                    self._credentials,
                    impersonate=settings.impersonate,
                    quota_project=settings.quota_project,
                )
            base = self._base
            named = self._said["model"] or settings.model
            self._model = check_model(named or self._only_model(base, deadline), base.protocol)
            if base.protocol == _ML_ENGINE:
                resource = self._get(base.model(self._model), deadline, f"model {self._model}")
                self._address = address.of_model(base, self._model, resource)
            else:
                what = f"endpoint of model {self._model}"
                resource = self._get(base.endpoint(self._model), deadline, what)
                self._address = address.of_endpoint(base, self._model, resource)
            return self._address

    def _only_model(self, base: "Base", deadline: float) -> str:
        found: list[str] = []
        token = ""
        while True:
            url = f"{base.parent}/models" + (f"?pageToken={token}" if token else "")
            page = self._get(url, deadline, f"models of {base.project}")
            found += [str(one["name"]).rpartition("/")[2] for one in page.get("models") or []]
            token = str(page.get("nextPageToken") or "")
            if not token:
                break
        if not found:
            raise NotFound(f"no model in project {base.project}", hint="gcp-deploy deploy ARTIFACT")
        if len(found) > 1:
            raise UsageError(
                f"which model: {', '.join(sorted(found)[:10])}?",
                hint=f'PredictionClient("{min(found)}"), or GCP_DEPLOY_MODEL',
            )
        return found[0]

    def _known_base(self) -> "Base":
        assert self._base is not None, "resolved before anything is asked"
        return self._base

    def _get(self, url: str, deadline: float, what: str) -> dict[str, Any]:
        return answers.json_of(self._send("GET", url, None, deadline), what)

    def _send(self, method: str, url: str, body: bytes | None, deadline: float) -> Reply:
        """Send one request until it is answered; after a 401 once more with another token."""

        def attempt(left: float) -> Reply:
            who = self._tokens.headers(url)
            reply = self._transport.send(method, url, _JSON | who, body, left)
            if reply.status == 401 and who:
                who = self._tokens.headers(url, stale=who["authorization"])
                reply = self._transport.send(method, url, _JSON | who, body, left)
            return reply

        return ask(attempt, retries=self._retries, deadline=deadline, timing=self._timing)
