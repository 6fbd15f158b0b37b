"""What registry, traffic, predictor and operations keep, on either platform."""

import pytest

from gcp_deploy.domain.release import VersionState
from gcp_deploy.errors import Conflict, NotFound, UsageError


def test_a_model_that_is_not_there_has_no_versions_and_no_endpoint(ports, model):
    assert ports.registry.versions(model) == ()
    assert ports.traffic.read(model) is None
    assert model not in ports.registry.models()


def test_a_version_comes_back_as_it_was_registered(ports, model):
    version = ports.register("yes", model)
    spec = ports.spec("yes", model)
    assert (version.model, version.state) == (model, VersionState.READY)
    assert (version.identity, version.digest) == (spec.identity, spec.digest)
    assert version.artifact_dir == spec.artifact_dir
    assert version.runtime == ports.recipe.runtime
    assert version.labels["team"] == "growth"
    assert model in ports.registry.models()


def test_the_first_version_is_the_registry_s_default_and_the_second_is_not(ports, model):
    first, second = ports.register("yes", model), ports.register("no", model)
    assert [one.version for one in ports.registry.versions(model)] == [
        first.version,
        second.version,
    ]
    assert [one.default for one in ports.registry.versions(model)] == [True, False]


def test_there_is_one_default_at_all_times(ports, model):
    ports.register("yes", model)
    second = ports.register("no", model)
    ports.registry.set_default(model, second.version)
    assert [one.default for one in ports.registry.versions(model)] == [False, True]
    ports.registry.set_default(model, second.version)
    assert [one.default for one in ports.registry.versions(model)] == [False, True]


def test_traffic_goes_where_the_split_says(ports, model):
    first = ports.register("yes", model)
    ports.deploy(first)
    ports.serve(first)
    second = ports.register("no", model)
    ports.deploy(second)
    endpoint = ports.traffic.read(model)
    assert (endpoint.share(first.version), endpoint.share(second.version)) == (100, 0)
    answer = ports.predictor.predict(endpoint, model, [[0]])
    assert (list(answer.predictions), answer.version) == (["yes"], first.version)
    ports.serve(second)
    endpoint = ports.traffic.read(model)
    assert endpoint.sole_version == second.version
    answer = ports.predictor.predict(endpoint, model, [[0], [1]])
    assert (list(answer.predictions), answer.version) == (["no", "no"], second.version)


def test_one_version_is_asked_by_name_on_ml_engine_only(ports, model):
    first = ports.register("yes", model)
    ports.deploy(first)
    second = ports.register("no", model)
    ports.deploy(second)
    endpoint = ports.traffic.read(model)
    if ports.registry.capabilities.endpoints:
        with pytest.raises(UsageError, match="cannot be asked alone"):
            ports.predictor.ask_version(endpoint, model, second, [[0]])
        return
    answer = ports.predictor.ask_version(endpoint, model, second, [[0]])
    assert (list(answer.predictions), answer.version) == (["no"], second.version)


def test_traffic_can_be_shared_on_aiplatform_only(ports, model):
    versions = [ports.register("yes", model), ports.register("no", model)]
    for version in versions:
        ports.deploy(version)
    ports.serve(versions[0])
    endpoint = ports.traffic.read(model)
    first, second = (endpoint.of_version(one.version).id for one in versions)
    if not ports.registry.capabilities.splits:
        with pytest.raises(UsageError, match="canary"):
            ports.traffic.write_split(endpoint, {first: 90, second: 10})
        return
    written = ports.traffic.write_split(endpoint, {first: 90, second: 10})
    assert dict(written.split) == {first: 90, second: 10}
    seen = {ports.predictor.predict(written, model, [[0]]).version for _ in range(100)}
    assert seen == {one.version for one in versions}


def test_a_split_is_not_written_over_somebody_else_s(ports, model):
    if not ports.registry.capabilities.splits:
        return
    first, second = ports.register("yes", model), ports.register("no", model)
    ports.deploy(first)
    ports.deploy(second)
    stale = ports.traffic.read(model)
    ports.serve(first)
    with pytest.raises(Conflict):
        ports.traffic.write_split(stale, {stale.of_version(second.version).id: 100})
    assert ports.traffic.read(model).sole_version == first.version


def test_an_endpoint_is_created_once(ports, model):
    if not ports.registry.capabilities.endpoints:
        return
    ports.finish(ports.traffic.create(model))
    name = ports.traffic.read(model).name
    if again := ports.traffic.create(model):
        ports.finish(again)
    assert ports.traffic.read(model).name == name


def test_a_version_without_traffic_can_be_detached(ports, model):
    if not ports.registry.capabilities.endpoints:
        return
    first, second = ports.register("yes", model), ports.register("no", model)
    for version in (first, second):
        ports.deploy(version)
    ports.serve(first)
    endpoint = ports.traffic.read(model)
    ports.finish(ports.traffic.undeploy(endpoint, endpoint.of_version(second.version).id))
    left = ports.traffic.read(model)
    assert [one.version for one in left.deployed] == [first.version]
    assert left.sole_version == first.version


def test_a_deleted_version_is_gone(ports, model):
    ports.register("yes", model)
    second = ports.register("no", model)
    if operation := ports.registry.delete(model, second.version):
        ports.finish(operation)
    assert second.version not in [one.version for one in ports.registry.versions(model)]


def test_an_operation_that_is_not_there_is_not_found(ports):
    name = (
        "projects/local-project/locations/europe-west1/operations/404"
        if ports.registry.capabilities.endpoints
        else "projects/local-project/operations/none"
    )
    with pytest.raises(NotFound):
        ports.operations.get(name)


def test_when_all_is_done_nothing_is_under_way(ports, model):
    ports.deploy(ports.register("yes", model))
    assert ports.operations.running(model) == ()
