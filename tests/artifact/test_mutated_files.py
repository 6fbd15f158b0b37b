"""Damaged and rewritten files: the X-ray never stumbles, and its yes is never wrong."""

import io
import json
import random
import subprocess
import sys
from pathlib import Path

import joblib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from gcp_deploy.artifact import Limits, Verdict, inspect_artifact
from gcp_deploy.errors import ArtifactUnreadable, MissingExtra
from scripts import honest_models

LIMITS = Limits(opcodes=200_000, unpacked=64 << 20)
# Loads each file, in a process of its own, as the serving side does, and tells which names it asked
# for that are not on the list, and what it did that no model does.
CHILD = """
import io, json, resource, signal, sys, warnings
import joblib, numpy, pandas, scipy.stats, sklearn.linear_model, sklearn.preprocessing
from joblib import numpy_pickle
from gcp_deploy.artifact.allowlist import is_allowed, stand_in
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (40, 40))
asked, done = [], []
def find_class(self, module, name):
    if not is_allowed(module, name):
        asked.append(f"{module}.{name}")
        raise ImportError(name)
    return stand_in(module, name) or find(self, module, name)
find = numpy_pickle.NumpyUnpickler.find_class
numpy_pickle.NumpyUnpickler.find_class = find_class
def hook(event, arguments):
    if watching and event.partition(".")[0] in {"os", "subprocess", "socket", "exec", "open"}:
        done.append(f"{event} {arguments}"[:200])
watching = False
sys.addaudithook(hook)
def timed_out(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, timed_out)
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    # The unchanged files come first, and import what all of them need.
    watching = "seed" not in path
    signal.alarm(5)
    try:
        joblib.load(io.BytesIO(data))
    except BaseException:
        pass
    signal.alarm(0)
    watching = False
print(json.dumps([asked, done]))
"""


def dumped(model, protocol):
    file = io.BytesIO()
    joblib.dump(model, file, protocol=protocol)
    return file.getvalue()


def seeds():
    words = FunctionTransformer(kw_args={"a": [1, "b", (None, 2.5)], "c": b"d"})
    words.names_ = honest_models.FRAME["city"].to_numpy(dtype=object)[:3]
    model = LogisticRegression().fit(honest_models.POINTS, honest_models.LABELS)
    return [dumped(one, protocol) for one in (words, model) for protocol in (0, 2, 4)]


SEEDS = seeds()
OPCODES = (
    b"(.0212FIJKLMNPQRSTUVX]abcdegqlopstu}\x80\x81\x82\x85\x86\x87\x88\x8c\x90\x93\x94\x95\x97"
)


def mutate(chance, data):
    """Return *data* with a few changes of the kinds that matter to a pickle."""
    body = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body))
        match chance.randrange(6):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                body[at] = chance.choice(OPCODES)
            case 2:
                body.insert(at, chance.choice(OPCODES))
            case 3:
                del body[at : at + chance.randint(1, 8)]
            case 4:
                end = chance.randrange(at, min(len(body), at + 64)) + 1
                body[at:at] = body[at:end]
            case _:
                body[at] ^= 1 << chance.randrange(8)
    return bytes(body)


def verdict(data):
    try:
        return inspect_artifact(io.BytesIO(data), limits=LIMITS).verdict
    except (ArtifactUnreadable, MissingExtra):
        return None


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False))
def test_changed_file_gets_an_answer(seed, chance):
    verdict(mutate(chance, seed))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(data):
    verdict(data)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([bytes([op]) for op in OPCODES]), max_size=60))
def test_any_opcodes_get_an_answer(opcodes):
    verdict(b"\x80\x04" + b"".join(opcodes))


@pytest.mark.parametrize("number", range(2))
def test_what_is_called_safe_asks_for_nothing_that_is_not_allowed(tmp_path, number):
    chance = random.Random(number)
    paths = []
    for index, data in enumerate(SEEDS):
        path = tmp_path / f"seed{index}"
        path.write_bytes(data)
        paths.append(str(path))
    for index in range(1500):
        data = mutate(chance, chance.choice(SEEDS))
        if verdict(data) is Verdict.SAFE:
            path = tmp_path / f"{index}.joblib"
            path.write_bytes(data)
            paths.append(str(path))
    assert len(paths) > 50
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *paths],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert json.loads(done.stdout) == [[], []]
