"""Plans as tables: what is, what is wanted, which steps lie between."""

from dataclasses import replace

import pytest

from gcp_deploy.domain.events import EventType
from gcp_deploy.domain.ledger import Ledger, Loan
from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.planning import Desired, plan_deploy, plan_return, previous_default
from gcp_deploy.domain.release import (
    DeployedModel,
    Endpoint,
    Observed,
    Recipe,
    Runtime,
    RuntimeKind,
    Version,
    VersionSpec,
    VersionState,
)
from gcp_deploy.domain.steps import MakeDefault, ReturnShare, verb
from gcp_deploy.errors import Conflict
from tests.fakes import AIPLATFORM, ML_ENGINE, START

RECIPE = Recipe(Runtime(RuntimeKind.SERVING_IMAGE, "image:1"), "n1-standard-2")
SPEC = VersionSpec("m", "gs://b/a/", Digest("a" * 64), RECIPE)
GOLDEN = "sha256:" + "0" * 64


def desired(*, promote=False):
    return Desired(SPEC, 1, "gs://b/a/model.joblib", "gs://b/g.json", GOLDEN, 8, "derived", promote)


def version(name, *, state=VersionState.READY, ours=True, default=False):
    return Version(
        "m", name, state, default, START, "gs://b/a/", RECIPE.runtime, SPEC.identity if ours else ""
    )


def endpoint(split, *names):
    return Endpoint("e", tuple(DeployedModel(f"d{one}", one) for one in names), split)


def observed(*versions, at=None):
    return Observed(versions, at, artifact_stored=True, golden_stored=True)


VERIFIED = frozenset({("1", GOLDEN)})
READY = version("1", default=True)


@pytest.mark.parametrize(
    ("seen", "ledger", "capabilities", "verbs"),
    [
        (Observed(), Ledger(), AIPLATFORM, "upload store register create deploy verify promote"),
        (Observed(), Ledger(), ML_ENGINE, "upload store check register verify promote"),
        (observed(), Ledger(), AIPLATFORM, "register create deploy verify promote"),
        (observed(READY), Ledger(), AIPLATFORM, "create deploy verify promote"),
        (observed(READY, at=endpoint({})), Ledger(), AIPLATFORM, "deploy verify promote"),
        (observed(READY, at=endpoint({}, "1")), Ledger(), AIPLATFORM, "verify promote"),
        (
            observed(READY, at=endpoint({}, "1")),
            Ledger(verified=VERIFIED),
            AIPLATFORM,
            "promote",
        ),
        (
            observed(READY, at=endpoint({"d1": 100}, "1")),
            Ledger(verified=VERIFIED, stack=("1",)),
            AIPLATFORM,
            "",
        ),
        (
            observed(READY, at=endpoint({"d1": 100}, "1")),
            Ledger(stack=("1",)),
            AIPLATFORM,
            "verify",
        ),
        (
            observed(version("1", state=VersionState.CREATING)),
            Ledger(),
            ML_ENGINE,
            "await verify promote",
        ),
        (
            observed(version("1", state=VersionState.FAILED)),
            Ledger(),
            ML_ENGINE,
            "clear check register verify promote",
        ),
    ],
)
def test_a_deploy_is_what_lies_between(seen, ledger, capabilities, verbs):
    steps = plan_deploy(desired(), seen, ledger, capabilities)
    assert " ".join(verb(step) for step in steps) == verbs


def test_a_version_that_is_being_deleted_is_waited_out():
    seen = observed(version("1", state=VersionState.DELETING))
    with pytest.raises(Conflict, match="is being deleted"):
        plan_deploy(desired(), seen, Ledger(), ML_ENGINE)


OTHER = version("1", ours=False, default=True)
MINE = version("2")
TWO = observed(OTHER, MINE, at=endpoint({"d1": 100}, "1", "2"))
CANDIDATE = Ledger(verified=frozenset({("2", GOLDEN)}), stack=("1",))


def test_a_candidate_waits_and_is_promoted_when_asked():
    assert plan_deploy(desired(), TWO, CANDIDATE, AIPLATFORM) == ()
    steps = plan_deploy(desired(promote=True), TWO, CANDIDATE, AIPLATFORM)
    assert steps == (MakeDefault("m", "2", "1"),)


LENT = Loan("2", {"d1": 99, "d2": 1}, {"d1": 100})


@pytest.mark.parametrize(
    ("split", "taken_back"),
    [({"d1": 99, "d2": 1}, True), ({"d1": 100}, False), ({"d1": 60, "d2": 40}, False)],
)
def test_only_what_was_lent_is_taken_back(split, taken_back):
    seen = replace(TWO, endpoint=endpoint(split, "1", "2"))
    steps, after = plan_return("m", seen, replace(CANDIDATE, lent=LENT))
    assert steps == ((ReturnShare("m", "2", {"d1": 100}),) if taken_back else ())
    assert after.serving == ("1" if taken_back else seen.serving)


@pytest.mark.parametrize(
    ("serving", "logged", "previous"),
    [("1", "1", "1"), ("2", "1", "1"), ("2", "2", ""), ("", "1", "1"), ("", "", "")],
)
def test_the_previous_default_is_found_also_when_traffic_has_moved_already(
    serving, logged, previous
):
    split = {f"d{serving}": 100} if serving else {}
    seen = replace(TWO, endpoint=endpoint(split, "1", "2"))
    ledger = Ledger(stack=(logged,) if logged else ())
    assert previous_default("2", seen, ledger) == previous


def test_every_type_of_event_is_folded_without_complaint():
    from gcp_deploy.domain import events, ledger

    for kind in EventType:
        event = events.Event(1, events.GENESIS, START, kind, "m", "r", "ada", "1")
        assert ledger.fold([event]).sequence == 1
