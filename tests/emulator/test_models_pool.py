"""The pool of running models: started when needed, lent, evicted, stopped."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from gcp_deploy.emulator.models import ModelPool
from gcp_deploy.errors import ModelFailed
from tests.emulator.ml_driver import classifier

Artifact = Callable[[], AbstractContextManager[Path]]


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    @contextmanager
    def artifact() -> Iterator[Path]:
        path = tmp_path / "model.joblib"
        path.write_bytes(classifier())
        yield path
        path.unlink(missing_ok=True)

    return artifact


@pytest.fixture
def pool() -> Iterator[ModelPool]:
    pool = ModelPool(most=2)
    yield pool
    pool.close()


def test_a_model_is_started_once_and_answers(pool, artifact):
    with pool.use("a", artifact, column_names=False) as first:
        assert first.predict([[3.0]]) == ["yes"]
    with pool.use("a", artifact, column_names=False) as second:
        assert second is first


def test_threads_that_come_together_start_one_process(pool, artifact):
    seen = []

    def ask() -> None:
        with pool.use("a", artifact, column_names=False) as process:
            seen.append(process)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in seen}) == 1
    assert len(seen) == 4


def test_a_model_that_died_starts_again(pool, artifact):
    with pool.use("a", artifact, column_names=False) as first:
        first.close()
    with pool.use("a", artifact, column_names=False) as second:
        assert second.predict([[0.0]]) == ["no"]


def test_the_one_idle_longest_ends_and_one_in_use_does_not(pool, artifact):
    with pool.use("a", artifact, column_names=False) as busy:
        for key in ("b", "c"):
            with pool.use(key, artifact, column_names=False):
                pass
        assert pool.running() == ("a", "c")
        assert busy.predict([[3.0]]) == ["yes"]


def test_a_model_that_does_not_start_leaves_nothing_behind(pool, tmp_path):
    @contextmanager
    def broken() -> Iterator[Path]:
        path = tmp_path / "broken"
        path.write_bytes(io.BytesIO(b"no model").getvalue())
        yield path

    with (
        pytest.raises(ModelFailed, match="cannot be loaded"),
        pool.use("a", broken, column_names=False),
    ):
        pass
    assert pool.running() == ()
    assert pool._slots == {}


def test_stopped_and_closed_models_are_gone(pool, artifact):
    with pool.use("a", artifact, column_names=False) as process:
        pass
    pool.stop("a")
    pool.stop("a")
    assert not process.alive
    pool.close()
    with (
        pytest.raises(ModelFailed, match="stopped while"),
        pool.use("a", artifact, column_names=False),
    ):
        pass
