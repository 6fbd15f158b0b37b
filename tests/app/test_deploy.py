"""The use cases on the fakes: each way they go well, and each way they fail."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gcp_deploy.app.deploying import deploy, plan
from gcp_deploy.app.outcomes import Result
from gcp_deploy.app.promoting import promote, rollback
from gcp_deploy.app.retiring import retire
from gcp_deploy.app.waiting import wait
from gcp_deploy.app.watching import history, only_model, status, versions, when
from gcp_deploy.domain.events import EventType
from gcp_deploy.domain.names import Digest
from gcp_deploy.domain.steps import verb
from gcp_deploy.errors import (
    ApprovalNeeded,
    BadName,
    Conflict,
    CredentialsError,
    DeployFailed,
    ModelFailed,
    NotFound,
    PermissionDenied,
    RollbackImpossible,
    StillRunning,
    TemporaryError,
    UsageError,
)
from tests.factories import World, golden_file
from tests.fakes import AIPLATFORM, ML_ENGINE, START, Died

HALF_HOUR = timedelta(minutes=30)
BOTH = pytest.mark.parametrize("capabilities", [AIPLATFORM, ML_ENGINE], ids=["aiplatform", "ml"])


def go(world, data, **changes):
    return deploy(world.context(), world.request(data, **changes))


def move(world, version=None, *, because=""):
    return promote(world.context(), "churn", version, because=because, timeout=HALF_HOUR)


def back(world, to=None, *, because=""):
    return rollback(world.context(), "churn", to, because=because, timeout=HALF_HOUR)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def two(world):
    """A world with a default and a candidate."""
    go(world, world.teach(b"first", "yes"))
    go(world, world.teach(b"second", "no"))
    return world


@BOTH
def test_the_first_version_becomes_the_default(capabilities):
    world = World(capabilities)
    done = go(world, world.teach(b"first", "yes"))
    assert (done.result, done.default) == (Result.CREATED, True)
    assert status(world.context(), "churn").default == done.version
    assert status(world.context(), "churn").differences == ()


@BOTH
def test_a_later_version_is_a_verified_candidate_without_traffic(capabilities):
    world = World(capabilities)
    first = go(world, world.teach(b"first", "yes"))
    second = go(world, world.teach(b"second", "no"))
    assert not second.default
    rows = {row.version.version: row for row in versions(world.context(), "churn").rows}
    assert rows[second.version].verified
    assert rows[second.version].traffic == 0
    assert rows[first.version].default


@BOTH
def test_the_same_bytes_again_are_unchanged_without_a_write(capabilities):
    world = World(capabilities)
    data = world.teach(b"first", "yes")
    go(world, data)
    made, runs = list(world.effects.made), world.sandbox.runs
    again = go(world, data)
    assert (again.result, again.default, again.steps) == (Result.UNCHANGED, True, ())
    assert world.effects.made == made
    assert world.sandbox.runs == runs


@BOTH
def test_a_plan_writes_nothing_and_is_what_deploy_does(capabilities):
    world = World(capabilities)
    data = world.teach(b"first", "yes")
    planned = plan(world.context(), world.request(data))
    assert world.effects.made == []
    assert go(world, data).steps == planned.steps
    assert plan(world.context(), world.request(data)).steps == ()


@BOTH
def test_promote_moves_alias_and_traffic_and_rollback_moves_them_back(capabilities):
    world = World(capabilities)
    first = go(world, world.teach(b"first", "yes"))
    second = go(world, world.teach(b"second", "no"))
    moved = move(world)
    assert (moved.version, moved.previous, moved.result) == (
        second.version,
        first.version,
        Result.PROMOTED,
    )
    assert status(world.context(), "churn").default == second.version
    returned = back(world, because="it smells")
    assert (returned.version, returned.result) == (first.version, Result.ROLLED_BACK)
    assert status(world.context(), "churn").differences == ()


def test_rolling_back_twice_does_not_roll_forward(two):
    move(two, "2")
    back(two)
    made = list(two.effects.made)
    with pytest.raises(RollbackImpossible, match="no earlier default"):
        back(two)
    assert two.effects.made == made


def test_rollback_goes_past_versions_that_are_gone(two):
    move(two, "2")
    go(two, two.teach(b"third", "maybe"), promote=True)
    two.platform.known["churn"] = [one for one in two.platform.known["churn"] if one.version != "2"]
    assert back(two).version == "1"


def test_rollback_to_a_version_that_was_never_the_default_is_refused(two):
    with pytest.raises(RollbackImpossible, match="never the default"):
        back(two, "2")


def test_a_default_moved_by_another_tool_is_what_a_rollback_goes_to(two):
    go(two, two.teach(b"third", "maybe"))
    endpoint = two.platform.read("churn")
    two.platform.write_split(endpoint, {endpoint.of_version("2").id: 100})
    two.platform.set_default("churn", "2")
    assert any(
        "the release log says 1" in one for one in status(two.context(), "churn").differences
    )
    move(two, "3")
    assert back(two).version == "2"


def test_an_unverified_version_needs_a_recorded_reason(two):
    known = two.platform.known["churn"]
    two.platform.known["churn"] = [*known, replace(known[0], version="9", default=False)]
    with pytest.raises(ApprovalNeeded, match="churn@9 was never verified"):
        move(two, "9")
    assert move(two, "9", because="made by hand").result is Result.PROMOTED
    promoted = history(two.context(), "churn").events[-2]
    assert (promoted.type, promoted.version, promoted.because) == (
        EventType.PROMOTED,
        "9",
        "made by hand",
    )


def test_a_version_that_answers_otherwise_is_not_promoted(world):
    go(world, world.teach(b"first", "yes"))
    data = world.teach(b"second", "no")
    key = str(Digest.of(data))
    world.sandbox.answers = {**world.answers}
    world.platform.answers = {**world.answers, key: lambda _row: "wrong"}
    with pytest.raises(DeployFailed, match="answers otherwise than its artifact: row 0"):
        go(world, data, promote=True)
    assert world.platform.read("churn").sole_version == "1"
    assert history(world.context(), "churn").events[-1].type is EventType.FAILED


def test_a_version_that_does_not_start_changes_nothing(world):
    go(world, world.teach(b"first", "yes"))
    data = world.teach(b"second", "no")
    world.platform.broken[str(Digest.of(data))] = "model server never became ready"
    with pytest.raises(DeployFailed, match="never became ready"):
        go(world, data, promote=True)
    assert world.platform.read("churn").sole_version == "1"


@pytest.mark.parametrize("ignored", ["split", "default"])
def test_a_service_that_accepts_and_ignores_the_change_is_a_failure(two, ignored):
    two.effects.ignore = {ignored}
    with pytest.raises(DeployFailed, match="accepted the change, but"):
        move(two)
    two.effects.ignore = set()
    assert status(two.context(), "churn").default == "1"
    assert two.platform.read("churn").sole_version == "1"


def test_traffic_is_put_back_when_the_alias_may_not_be_moved(two, monkeypatch):
    def refuse(model, version):
        raise PermissionDenied("aiplatform.models.update is missing")

    monkeypatch.setattr(two.platform, "set_default", refuse)
    with pytest.raises(CredentialsError):
        move(two)
    assert two.platform.read("churn").sole_version == "1"


def test_a_shared_endpoint_verifies_at_the_smallest_share_and_takes_it_back(world):
    go(world, world.teach(b"first", "yes"))
    go(world, world.teach(b"second", "no"))
    splits = [one for one in world.effects.made if one.startswith("split")]
    assert splits[-2:] == ["split churn {'1001': 99, '1002': 1}", "split churn {'1001': 100}"]


def test_new_golden_rows_for_the_default_leave_its_traffic_alone(two):
    move(two, "2")
    splits = [one for one in two.effects.made if one.startswith("split")]
    done = go(two, b"second", golden=golden_file(([7], "no")))
    assert (done.result, done.default) == (Result.UNCHANGED, True)
    assert [verb(step) for step in done.steps] == ["store", "verify"]
    assert [one for one in two.effects.made if one.startswith("split")] == splits
    assert two.platform.read("churn").sole_version == "2"


def test_somebody_else_s_canary_keeps_its_share_when_it_is_verified(two):
    endpoint = two.platform.read("churn")
    first, second = (endpoint.of_version(name).id for name in "12")
    two.platform.write_split(endpoint, {first: 60, second: 40})
    go(two, b"second", golden=golden_file(([7], "no")))
    assert dict(two.platform.read("churn").split) == {first: 60, second: 40}


@pytest.mark.parametrize("next_one", [b"second", b"third"])
def test_a_share_lent_by_a_killed_run_is_taken_back_by_the_next(world, next_one):
    go(world, world.teach(b"first", "yes"))
    second = world.teach(b"second", "no")
    world.teach(b"third", "maybe")
    shifts = [number for number, one in enumerate(_writes(second)) if "99" in one]
    world.effects.die_after = len(world.effects.made) + shifts[0]
    with pytest.raises(Died):
        go(world, second)
    world.effects.die_after = -1
    assert any("did not take its share back" in one for one in _told(world))
    done = go(world, next_one)
    assert verb(done.steps[0]) == "return"
    assert dict(world.platform.read("churn").split) == {"1001": 100}
    assert _told(world) == ()


def _writes(data):
    """The writes of a second deploy, seen in a world of its own."""
    other = World()
    go(other, other.teach(b"first", "yes"))
    before = len(other.effects.made)
    go(other, other.teach(data, "no"))
    return other.effects.made[before:]


def _told(world):
    return status(world.context(), "churn").differences


@pytest.mark.parametrize(
    "reason",
    ["caf\udce9", "two\nlines", "\x1b[31m", "x" * 501],
    ids=["bytes", "lines", "escape", "long"],
)
def test_a_reason_that_cannot_be_kept_is_refused_before_anything_moves(two, reason):
    data = two.teach(b"third", "maybe")
    made = list(two.effects.made)
    with pytest.raises(UsageError, match="reason"):
        move(two, "2", because=reason)
    with pytest.raises(UsageError, match="reason"):
        go(two, data, because=reason)
    assert two.effects.made == made


def test_a_fault_of_ours_is_in_the_log_too(two, monkeypatch):
    def fault(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(two.platform, "set_default", fault)
    with pytest.raises(ZeroDivisionError):
        move(two)
    last = history(two.context(), "churn").events[-1]
    assert (last.type, last.data["message"]) == (
        EventType.FAILED,
        "internal error: ZeroDivisionError",
    )
    monkeypatch.undo()
    assert move(two, "2").steps[-1].previous == "1"


def test_a_golden_file_must_be_what_the_artifact_answers(world):
    data = world.teach(b"first", "yes")
    with pytest.raises(ModelFailed, match='row 1: "yes" instead of "no"'):
        go(world, data, golden=golden_file(([1], "yes"), ([2], "no")))
    assert world.effects.made == []
    assert go(world, data, golden=golden_file(([1], "yes"))).default


def test_another_recipe_for_the_same_bytes_is_another_version(world):
    data = world.teach(b"first", "yes")
    request = world.request(data)
    go(world, data)
    other = go(world, data, recipe=replace(request.recipe, machine_type="n1-standard-4"))
    assert other.version == "2"


def test_an_older_commit_does_not_replace_a_newer_one_silently(world):
    world.revisions.line = ["a" * 40, "b" * 40]
    world.revisions.current = "b" * 40
    go(world, world.teach(b"newer", "yes"))
    world.revisions.current = "a" * 40
    data = world.teach(b"older", "no")
    with pytest.raises(Conflict, match="newer than aaaaaaaaaaaa"):
        go(world, data, promote=True)
    assert go(world, data, promote=True, because="the newer one is bad").default


def test_a_lease_of_somebody_alive_stops_the_second_run(world):
    data = world.teach(b"first", "yes")
    world.effects.die_before = 3
    with pytest.raises(Died):
        go(world, data)
    world.effects.die_before = -1
    with pytest.raises(Conflict, match="bob@mars holds the lease") as caught:
        _second(world, data)
    assert caught.value.exit_code == 6


def _second(world, data):
    log_name = max(name for name in world.store.objects if "/log/" in name)
    stored, about = world.store.objects[log_name]
    world.store.objects[log_name] = (stored.replace(b"alice@laptop", b"bob@mars"), about)
    return deploy(world.context("eve@venus"), world.request(data))


def test_the_lease_of_a_dead_process_is_taken_over(world):
    data = world.teach(b"first", "yes")
    world.effects.die_before = 3
    with pytest.raises(Died):
        go(world, data)
    world.effects.die_before = -1
    world.dead.add("alice@laptop")
    assert deploy(world.context("eve@venus"), world.request(data)).default


def test_an_expired_lease_is_taken_over(world):
    data = world.teach(b"first", "yes")
    world.effects.die_before = 3
    with pytest.raises(Died):
        go(world, data)
    world.effects.die_before = -1
    world.clock.sleep(301)
    assert deploy(world.context("eve@venus"), world.request(data)).default


@BOTH
@pytest.mark.parametrize("promoting", [False, True])
@pytest.mark.parametrize("moment", ["die_before", "die_after", "lose_answer"])
def test_killed_at_any_write_the_same_command_ends_in_the_same_state(
    capabilities, promoting, moment
):
    def story(number):
        world = World(capabilities)
        first, second = world.teach(b"first", "yes"), world.teach(b"second", "no")
        go(world, first)
        before = len(world.effects.made)
        setattr(world.effects, moment, before + number if number >= 0 else -1)
        try:
            go(world, second, promote=promoting)
        except (Died, TemporaryError):
            setattr(world.effects, moment, -1)
            go(world, second, promote=promoting)
        setattr(world.effects, moment, -1)
        return world, len(world.effects.made) - before

    whole, writes = story(-1)
    for number in range(writes):
        world, _ = story(number)
        assert _state(world) == _state(whole), f"write {number}: {whole.effects.made[number]}"
        assert status(world.context(), "churn").differences == ()
        assert status(world.context(), "churn").lease is None
        assert plan(world.context(), world.request(b"second", promote=promoting)).steps == ()


def _state(world):
    rows = versions(world.context(), "churn").rows
    return [(row.version.version, row.traffic, row.default, row.verified) for row in rows]


@pytest.mark.parametrize("moment", ["die_before", "die_after"])
def test_a_promotion_killed_at_any_write_is_finished_by_the_next(moment):
    for number in range(6):
        world = World()
        go(world, world.teach(b"first", "yes"))
        go(world, world.teach(b"second", "no"))
        setattr(world.effects, moment, len(world.effects.made) + number)
        try:
            move(world, "2")
        except Died:
            setattr(world.effects, moment, -1)
            move(world, "2")
        assert status(world.context(), "churn").default == "2"
        promoted = [
            one for one in history(world.context(), "churn").events if "promoted" in one.type
        ]
        assert promoted[-1].data["previous"] == "1"
        assert back(world).version == "1"


def test_a_timeout_leaves_an_operation_that_the_next_run_waits_for(world):
    data = world.teach(b"first", "yes")
    world.platform.busy_polls = 500
    with pytest.raises(StillRunning) as caught:
        go(world, data, timeout=timedelta(minutes=1))
    assert status(world.context(), "churn").operation == caught.value.operation
    world.platform.busy_polls = 0
    assert wait(world.context(), caught.value.operation, timeout=HALF_HOUR).operation
    assert go(world, data).default


def test_without_waiting_the_operation_is_named_and_the_next_run_goes_on(world):
    data = world.teach(b"first", "yes")
    left = go(world, data, wait=False)
    assert left.operation
    assert not left.default
    assert go(world, data).default


def test_the_lease_is_renewed_while_an_operation_is_long(world):
    world.platform.busy_polls = 100
    go(world, world.teach(b"first", "yes"), timeout=timedelta(hours=2))
    renewals = [one for one in history(world.context(), "churn").events if one.data.get("renewal")]
    assert renewals


def test_who_served_when(two):
    moved_at = two.clock.time
    move(two, "2", because="better")
    served = when(two.context(), "churn", moved_at)
    assert (served.version, served.actor) == ("1", "alice@laptop")
    now = when(two.context(), "churn", two.clock.now())
    assert (now.version, now.because) == ("2", "better")
    assert when(two.context(), "churn", START - timedelta(days=1)).version == ""


def test_a_changed_byte_in_the_log_is_told(two):
    name = sorted(name for name in two.store.objects if "/log/" in name)[2]
    stored, about = two.store.objects[name]
    two.store.objects[name] = (stored.replace(b"alice", b"mallo"), about)
    with pytest.raises(Conflict, match="broken at event 4"):
        history(two.context(), "churn")


def test_a_long_log_is_not_read_from_its_beginning(two):
    for number in range(10):
        move(two, "12"[number % 2 == 0])
    two.store.reads.clear()
    plan(two.context(), two.request(b"second"))
    logs = [name for name in two.store.reads if "/log/" in name]
    assert len(logs) <= 8
    assert len(history(two.context(), "churn").events) > 40


def test_a_log_is_about_one_place(two):
    two.place = "aiplatform in my-project, europe-west4"
    with pytest.raises(UsageError, match="is about aiplatform in my-project, us-central1"):
        status(two.context(), "churn")


def test_a_missing_event_is_told(two):
    del two.store.objects["gcp-deploy/churn/log/00000003.json"]
    with pytest.raises(Conflict, match="00000003.json is missing"):
        history(two.context(), "churn")


def test_retire_keeps_what_is_needed(two):
    move(two, "2")
    go(two, two.teach(b"third", "maybe"), promote=True)
    done = retire(two.context(), "churn", None, delete=False, because="", timeout=HALF_HOUR)
    assert done.versions == ("1",)
    assert [one.version for one in two.platform.read("churn").deployed] == ["2", "3"]
    assert back(two).version == "2"


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize("verb", [promote, rollback, retire])
def test_an_empty_name_is_not_taken_for_a_free_choice(two, verb, empty):
    more = {"delete": True} if verb is retire else {}
    before = two.platform.read("churn")
    with pytest.raises(BadName, match="the name of the version is empty"):
        verb(two.context(), "churn", empty, because="", timeout=HALF_HOUR, **more)
    assert two.platform.read("churn") == before


@pytest.mark.parametrize(
    ("version", "error", "words"),
    [
        ("1", Conflict, "is the default or has traffic"),
        ("7", NotFound, "has no version 7"),
    ],
)
def test_what_may_not_be_retired(two, version, error, words):
    with pytest.raises(error, match=words):
        retire(two.context(), "churn", version, delete=False, because="", timeout=HALF_HOUR)


def test_the_rollback_target_is_retired_only_for_a_reason(two):
    move(two, "2")
    with pytest.raises(ApprovalNeeded, match="a rollback would go to"):
        retire(two.context(), "churn", "1", delete=False, because="", timeout=HALF_HOUR)
    retire(two.context(), "churn", "1", delete=True, because="tidy", timeout=HALF_HOUR)
    with pytest.raises(RollbackImpossible):
        back(two)


def test_a_retired_version_is_deployed_again_by_a_rollback(two):
    move(two, "2")
    retire(two.context(), "churn", "1", delete=False, because="cost", timeout=HALF_HOUR)
    returned = back(two)
    assert [verb(step) for step in returned.steps] == ["deploy", "roll back"]
    assert status(two.context(), "churn").default == "1"


def test_on_ml_engine_retiring_means_deleting():
    world = World(ML_ENGINE)
    go(world, world.teach(b"first", "yes"))
    with pytest.raises(UsageError, match="only deleted"):
        retire(world.context(), "churn", None, delete=False, because="", timeout=HALF_HOUR)


def test_a_failed_version_on_ml_engine_is_cleared_and_made_again():
    world = World(ML_ENGINE)
    go(world, world.teach(b"first", "yes"))
    data = world.teach(b"second", "no")
    world.platform.broken[str(Digest.of(data))] = "Bad model detected"
    with pytest.raises(DeployFailed, match="Bad model detected"):
        go(world, data)
    world.platform.broken.clear()
    done = go(world, data)
    assert verb(done.steps[0]) == "clear"
    assert len(world.platform.versions("churn")) == 2


def test_the_only_model_need_not_be_named(two):
    assert only_model(two.context()) == "churn"
    with pytest.raises(NotFound, match="nothing was deployed here yet"):
        only_model(World().context())


@pytest.mark.parametrize("ask", ["promote", "rollback", "status"])
def test_a_model_that_is_not_there_is_told(world, ask):
    calls = {"promote": move, "rollback": back, "status": _status}
    with pytest.raises(NotFound, match="there is no model churn"):
        calls[ask](world)


def _status(world):
    return status(world.context(), "churn")
