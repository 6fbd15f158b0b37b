"""No honest model raises an alarm, in any codec or protocol."""

import io
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from gcp_deploy.artifact import Verdict, inspect_artifact
from gcp_deploy.artifact.allowlist import check_trusted, is_allowed, stand_in, verbs
from gcp_deploy.errors import ArtifactNeedsTrust, UsageError
from scripts import honest_models


def findings(file):
    return inspect_artifact(io.BytesIO(file)).findings


@pytest.mark.parametrize("protocol", range(6))
def test_no_honest_model_raises_an_alarm_in_any_protocol(honest, dump, protocol):
    alarms = {
        name: found
        for name, model in honest.items()
        if (found := findings(dump(model, protocol=protocol)))
    }
    assert alarms == {}


@pytest.mark.parametrize("codec", ["zlib", "gzip", "bz2", "lzma", "xz"])
def test_no_honest_model_raises_an_alarm_in_any_codec(honest, dump, codec):
    alarms = {
        name: found
        for name, model in list(honest.items())[::4]
        if (found := findings(dump(model, compress=(codec, 1))))
    }
    assert alarms == {}


@pytest.mark.parametrize("codec", ["zlib", "gzip", "bz2", "lzma", "xz"])
def test_every_codec_is_told_and_gives_the_same_facts(dump, codec):
    model = LogisticRegression().fit(honest_models.POINTS, honest_models.LABELS)
    plain = inspect_artifact(io.BytesIO(dump(model)))
    packed = inspect_artifact(io.BytesIO(dump(model, compress=(codec, 3))))
    assert (plain.codec, packed.codec) == ("none", codec)
    assert packed.unpacked_size == plain.unpacked_size == plain.size
    assert packed.root == plain.root


def test_lz4_is_read_when_it_is_installed(dump):
    pytest.importorskip("lz4")
    file = dump(LogisticRegression(), compress="lz4")
    assert inspect_artifact(io.BytesIO(file)).codec == "lz4"


def test_the_list_is_complete_for_the_installed_versions():
    script = Path(honest_models.__file__).with_name("make_allowlist")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_the_list_has_no_dots_no_dunders_and_is_sorted():
    names = [f"{module} {name}" for module, name in verbs()]
    assert names == sorted(names, key=lambda line: tuple(line.split(" ")))
    for _, name in verbs():
        assert name.isidentifier()
        assert not name.endswith("__")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("numpy", "load"),
        ("numpy", "fromfile"),
        ("numpy", "memmap"),
        ("numpy", "frompyfunc"),
        ("joblib", "load"),
        ("joblib.numpy_pickle", "load"),
        ("joblib.numpy_pickle", "os.system"),
        ("sklearn.pipeline", "__builtins__"),
        ("sklearn.pipeline", "Pipeline.fit"),
        ("pandas", "read_pickle"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "open"),
        ("builtins", "__import__"),
        ("operator", "attrgetter"),
        ("functools", "reduce"),
        ("sklearn.datasets._base", "load_files"),
    ],
)
def test_the_guard_refuses_tools(module, name):
    assert not is_allowed(module, name)
    assert not is_allowed(module, name, ("os", "numpy", "builtins", "joblib", "sklearn"))


def test_the_guard_knows_the_names_of_python_2_and_trusted_packages():
    assert is_allowed("sklearn.pipeline", "Pipeline")
    assert is_allowed("copy_reg", "_reconstructor")
    assert is_allowed("mine.steps", "Cut", ("mine",))
    assert not is_allowed("mineral", "Cut", ("mine",))
    assert not is_allowed("mine.steps", "os.system", ("mine",))


def test_the_stand_in_for_getattr_takes_no_attribute():
    take = stand_in("builtins", "getattr")
    assert take is not None
    with pytest.raises(AttributeError, match="__globals__"):
        take(findings, "__globals__")
    assert stand_in("builtins", "int") is None


@pytest.mark.parametrize(
    "module", ["os", "builtins", "numpy", "pip", "__main__", "a b", "distutils"]
)
def test_modules_that_run_anything_cannot_be_trusted_as_a_whole(module):
    with pytest.raises(UsageError, match=module):
        check_trusted([module])


def own_function(module, monkeypatch):
    """Return a function that a file refers to as *module*.cut."""

    def cut(rows):
        return rows

    cut.__module__, cut.__qualname__ = module, "cut"
    holder = sys.modules.get(module) or types.ModuleType(module)
    monkeypatch.setattr(holder, "cut", cut, raising=False)
    monkeypatch.setitem(sys.modules, module.partition(".")[0], holder)
    monkeypatch.setitem(sys.modules, module, holder)
    return cut


def test_a_function_of_the_own_package_needs_trust_by_name(dump, monkeypatch):
    file = dump(FunctionTransformer(own_function("churn.steps", monkeypatch)))
    report = inspect_artifact(io.BytesIO(file))
    assert report.verdict is Verdict.NEEDS_TRUST
    assert report.findings[0].where == "model.func"
    with pytest.raises(ArtifactNeedsTrust, match=r"churn\.steps\.cut") as raised:
        report.require_safe()
    assert 'trusted_modules = ["churn"]' in raised.value.hint
    trusted = inspect_artifact(io.BytesIO(file), trusted_modules=["churn"])
    assert trusted.verdict is Verdict.SAFE
    trusted.require_safe()


def test_a_function_of_the_script_is_to_be_moved(dump, monkeypatch):
    file = dump(FunctionTransformer(own_function("__main__", monkeypatch)))
    report = inspect_artifact(io.BytesIO(file))
    with pytest.raises(ArtifactNeedsTrust, match="__main__") as raised:
        report.require_safe()
    assert "module of a package" in raised.value.hint


TYPES = [
    *("?", "i1", ">i4", "u8", "f2", "f8", "g", "c16", "S", "S3", "U", ">U3", "V5", "O"),
    *("M8[25s]", "m8[D]"),
    np.dtype([("a", "i4"), ("b", "O")], align=True),
    np.dtype([("a", "U3"), ("b", "S2"), ("c", [("d", "f4")])], align=True),
    np.dtype([("a", "f4", (2, 3))]),
    np.dtype([("a", "O", (2,))]),
    np.dtype([(("title", "a"), "i4")]),
]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_arrays_of_every_type_are_followed_in_every_protocol(dump, dtype):
    for protocol in range(6):
        for shape in ((2,), (), (0, 3), (2, 2)):
            file = dump([np.zeros(shape, dtype), "after"], protocol=protocol)
            assert findings(file) == (), (protocol, shape)


def test_arrays_are_skipped_and_cost_no_memory(dump):
    rows = np.zeros((40, 1 << 16))
    forest = RandomForestClassifier(2).fit(honest_models.POINTS, honest_models.LABELS)
    forest.extra_ = rows
    report = inspect_artifact(io.BytesIO(dump(forest)))
    assert report.unpacked_size > rows.nbytes
    assert report.verdict is Verdict.SAFE


def test_reading_imports_nothing_heavy(dump, tmp_path):
    code = (
        "import sys; before = set(sys.modules);"
        "from gcp_deploy.artifact import inspect_artifact; inspect_artifact(sys.argv[1]);"
        "heavy = {'numpy', 'sklearn', 'joblib', 'scipy', 'pandas'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    path = tmp_path / "model.joblib"
    path.write_bytes(dump(LogisticRegression()))
    subprocess.run([sys.executable, "-c", code, path], check=True)
