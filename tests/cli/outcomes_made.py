"""Outcomes of use cases as the tests of the command line show them."""

from datetime import UTC, datetime, timedelta

from gcp_deploy.app import outcomes
from gcp_deploy.app.outcomes import Result
from gcp_deploy.domain import steps
from gcp_deploy.domain.events import Event, EventType, Lease
from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.release import Runtime, RuntimeKind, Version, VersionState

DIGEST = Digest("ab" * 32)
TIME = datetime(2026, 11, 3, 14, 2, tzinfo=UTC)
IMAGE = Runtime(RuntimeKind.SERVING_IMAGE, image="local/serving:1")
STEPS = (
    steps.UploadArtifact("gs://models/churn/model.joblib", DIGEST, 2048),
    steps.DeployVersion("churn", "2"),
    steps.MakeDefault("churn", "2", "1"),
)
ENDPOINT = "projects/1/locations/us-central1/endpoints/churn"


def row(version, *, traffic=0, default=False, verified=True, state=VersionState.READY, **rest):
    made = Version(
        model="churn",
        version=version,
        state=state,
        default=default,
        created=TIME + timedelta(hours=int(version)),
        artifact_dir="gs://models/churn/",
        runtime=IMAGE,
        **({"digest": DIGEST} | rest),
    )
    return outcomes.VersionRow(made, traffic, f"10{version}", default, verified)


ROWS = (row("1", verified=False), row("2", traffic=100, default=True), row("3"))
VERSIONS = outcomes.Versions("churn", ROWS)
STATUS = outcomes.Status(
    model="churn",
    platform="aiplatform",
    endpoint=ENDPOINT,
    default="2",
    previous="1",
    rows=ROWS,
    lease=None,
    operation="",
    differences=(),
    warnings=(),
)
LEASE = Lease("run-1", "anna@laptop", "deploy abababababab", TIME)
PLAN = outcomes.Plan("churn", "", DIGEST, "f" * 40, "local/serving:1", STEPS)
DEPLOYED = outcomes.Deployed("churn", "2", DIGEST, Result.CREATED, False, ENDPOINT, STEPS)
PROMOTED = outcomes.Moved("churn", "2", "1", Result.PROMOTED, ENDPOINT, STEPS)
ROLLED_BACK = outcomes.Moved("churn", "1", "2", Result.ROLLED_BACK, ENDPOINT, STEPS)
RETIRED = outcomes.Retired("churn", ("1",), Result.RETIRED, True, STEPS)
SERVED = outcomes.Served("churn", TIME, "2", TIME, None, "anna", "weekly retraining", 12)
WAITED = outcomes.Waited("projects/1/operations/2", "deployed", 1.5)


def event(sequence, kind, version="", **rest):
    return Event(
        sequence=sequence,
        previous="sha256:" + "0" * 64,
        time=TIME + timedelta(minutes=sequence),
        type=kind,
        model="churn",
        run="run-1",
        actor="anna",
        version=version,
        **rest,
    )


HISTORY = outcomes.History(
    "churn",
    (
        event(1, EventType.STARTED, data={"command": "deploy"}),
        event(2, EventType.VERSION_REGISTERED, "2"),
        event(3, EventType.PROMOTED, "2", because="better"),
        event(4, EventType.FAILED, data={"message": "no quota"}),
        event(5, EventType.FINISHED),
    ),
)
