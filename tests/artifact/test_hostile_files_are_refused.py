"""Files that would run something, built opcode by opcode and never loaded here."""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import zlib

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from gcp_deploy.artifact import Limits, Verdict, inspect_artifact
from gcp_deploy.errors import ArtifactError, ArtifactUnreadable, ArtifactUnsafe
from scripts import honest_models

P = pickle
ARGS = P.SHORT_BINUNICODE + b"\x04true" + P.TUPLE1


def text(word):
    return P.SHORT_BINUNICODE + bytes([len(word)]) + word.encode()


def name(module, word):
    return text(module) + text(word) + P.STACK_GLOBAL


def proto(body, number=4):
    return P.PROTO + bytes([number]) + body


SYSTEM = name("os", "system")
WRAPPER = name("joblib.numpy_pickle", "NumpyArrayWrapper") + P.EMPTY_TUPLE + P.NEWOBJ
SCALER = name("sklearn.preprocessing._data", "StandardScaler") + P.EMPTY_TUPLE + P.NEWOBJ


def dtype(code):
    return name("numpy", "dtype") + text(code) + P.NEWFALSE + P.NEWTRUE + P.TUPLE3 + P.REDUCE


def array(code="O8", shape=P.BININT1 + b"\x01" + P.TUPLE1, more=b""):
    state = (
        P.EMPTY_DICT
        + P.MARK
        + (text("subclass") + name("numpy", "ndarray"))
        + (text("shape") + shape)
        + (text("order") + text("C"))
        + (text("dtype") + dtype(code))
        + (text("allow_mmap") + P.NEWFALSE)
        + more
        + P.SETITEMS
    )
    return WRAPPER + state + P.BUILD


CALL = SYSTEM + ARGS + P.REDUCE
UNSAFE = {
    "reduce": proto(CALL + P.STOP),
    "reduce, popped": proto(CALL + P.POP + P.NONE + P.STOP),
    "global line": b"cos\nsystem\n(S'true'\ntR.",
    "posix": proto(name("posix", "system") + ARGS + P.REDUCE + P.STOP),
    "inst": b"(S'true'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'true'\no.",
    "newobj": proto(name("subprocess", "Popen") + ARGS + P.NEWOBJ + P.STOP),
    "newobj_ex": proto(
        name("subprocess", "Popen") + ARGS + P.EMPTY_DICT + P.NEWOBJ_EX + P.STOP
    ),
    "reference only": proto(SYSTEM + P.STOP),
    "name from the memo": proto(
        text("system") + P.MEMOIZE + P.POP + text("os") + P.BINGET + b"\0" + P.STACK_GLOBAL
        + ARGS + P.REDUCE + P.STOP
    ),
    "memo written twice": proto(
        text("sklearn") + P.BINPUT + b"\0" + text("os") + P.BINPUT + b"\0" + P.POP + P.POP
        + P.BINGET + b"\0" + text("system") + P.STACK_GLOBAL + P.STOP
    ),
    "computed name": proto(
        text("os") + name("builtins", "str") + text("system") + P.TUPLE1 + P.REDUCE
        + P.STACK_GLOBAL + P.STOP
    ),
    "extension": proto(P.EXT1 + b"\x01" + P.STOP),
    "persistent id": b"Pos.system\n.",
    "binary persistent id": proto(text("x") + P.BINPERSID + P.STOP),
    "buffer": proto(P.NEXT_BUFFER + P.STOP, 5),
    "number in hexadecimal": b"I0x10\n0cos\nsystem\n(S'true'\ntR.",
    "number with underscore": b"L1_0L\n0cos\nsystem\n(S'true'\ntR.",
    "place in the memo with a plus": b"(lp+1\n0cos\nsystem\n(S'true'\ntR.",
    "place in the memo with a zero": b"(lp0250\n.",
    "old name of a module": b"c__builtin__\neval\n(S'1'\ntR.",
    "older protocol later": proto(P.PROTO + b"\x02" + b"c__builtin__\neval\n" + P.STOP),
    "numpy.load": proto(name("numpy", "load") + ARGS + P.REDUCE + P.STOP),
    "joblib.load": proto(name("joblib", "load") + ARGS + P.REDUCE + P.STOP),
    "pandas.read_pickle": proto(name("pandas", "read_pickle") + ARGS + P.REDUCE + P.STOP),
    "memmap": proto(name("numpy", "memmap") + ARGS + P.NEWOBJ + P.STOP),
    "dots": proto(name("sklearn", "os.system") + ARGS + P.REDUCE + P.STOP),
    "dots of joblib": proto(name("joblib.numpy_pickle", "os.system") + P.STOP),
    "dunder": proto(name("sklearn.pipeline", "__builtins__") + P.STOP),
    "getattr": proto(
        name("builtins", "getattr") + SCALER + text("fit") + P.TUPLE2 + P.REDUCE + P.STOP
    ),
    "partial": proto(name("functools", "partial") + SYSTEM + P.TUPLE1 + P.REDUCE + P.STOP),
    "partial of getattr": proto(
        name("functools", "partial") + name("builtins", "getattr") + P.TUPLE1 + P.REDUCE + P.STOP
    ),
    "partial through its state": proto(
        name("functools", "partial") + name("sklearn.utils.validation", "check_array") + P.TUPLE1
        + P.REDUCE + P.MARK + name("builtins", "getattr") + P.EMPTY_TUPLE + P.EMPTY_DICT + P.NONE
        + P.TUPLE + P.BUILD + P.STOP
    ),
    "vectorize": proto(
        name("numpy", "vectorize") + P.EMPTY_TUPLE + P.NEWOBJ + P.EMPTY_DICT + text("pyfunc")
        + SYSTEM + P.SETITEM + P.BUILD + P.STOP
    ),
    "codec": proto(
        name("_codecs", "encode") + text("x") + text("idna") + P.TUPLE2 + P.REDUCE + P.STOP
    ),
    "call of a result": proto(CALL + ARGS + P.REDUCE + P.STOP),
    "call of a reference": proto(
        name("numpy", "ravel") + ARGS + P.REDUCE + P.STOP
    ),
    "state of a class": proto(
        name("sklearn.pipeline", "Pipeline") + P.EMPTY_DICT + text("predict")
        + name("numpy", "ravel") + P.SETITEM + P.BUILD + P.STOP
    ),
    "dunder state": proto(
        SCALER + P.EMPTY_DICT + text("__setstate__") + name("numpy", "ravel") + P.SETITEM
        + P.BUILD + P.STOP
    ),
    "slot state": proto(
        SCALER + P.NONE + P.EMPTY_DICT + text("__class__")
        + name("joblib.numpy_pickle", "NumpyArrayWrapper") + P.SETITEM + P.TUPLE2 + P.BUILD + P.STOP
    ),
    "computed key of a state": proto(
        SCALER + P.EMPTY_DICT + name("builtins", "str") + text("__class__") + P.TUPLE1 + P.REDUCE
        + P.NONE + P.SETITEM + P.BUILD + P.STOP
    ),
    "state that is an object": proto(
        SCALER + name("collections", "OrderedDict") + P.EMPTY_TUPLE + P.REDUCE + text("__class__")
        + P.NONE + P.SETITEM + P.BUILD + P.STOP
    ),
    "code in a distribution": proto(
        name("scipy.stats._continuous_distns", "uniform_gen") + P.EMPTY_TUPLE + P.NEWOBJ
        + P.EMPTY_DICT + text("_parse_arg_template") + text("import os") + P.SETITEM + P.BUILD
        + P.STOP
    ),
    "code in pre_dispatch": proto(
        name("sklearn.model_selection._search", "GridSearchCV") + P.EMPTY_TUPLE + P.NEWOBJ
        + P.EMPTY_DICT + text("pre_dispatch") + text("__import__('os')") + P.SETITEM + P.BUILD
        + P.STOP
    ),
    "reads what requests name": proto(
        name("sklearn.feature_extraction.text", "CountVectorizer") + P.EMPTY_TUPLE + P.NEWOBJ
        + P.EMPTY_DICT + text("input") + text("filename") + P.SETITEM + P.BUILD + P.STOP
    ),
    "constructor of generators": proto(
        name("numpy.random._pickle", "__randomstate_ctor") + text("x") + name("builtins", "dict")
        + P.TUPLE2 + P.REDUCE + P.STOP
    ),
    "second file": proto(
        name("joblib.numpy_pickle_compat", "NDArrayWrapper") + P.EMPTY_TUPLE + P.NEWOBJ
        + P.EMPTY_DICT + text("filename") + text("x.npy") + P.SETITEM + P.BUILD + P.STOP
    ),
    "inside an object array": proto(array() + proto(CALL + P.STOP) + P.STOP),
    "behind a raw array": proto(array("i4") + b"\0\0\0\0" + CALL + P.STOP),
    "wrapper inside an object array": proto(array() + proto(array("i1") + P.STOP) + P.STOP),
    "objects hidden in a dtype": proto(
        WRAPPER + P.EMPTY_DICT + P.MARK + text("shape") + P.EMPTY_TUPLE + text("order") + text("C")
        + text("dtype") + dtype("V8") + P.MARK + P.BININT1 + b"\x03" + text("|") + P.NONE + P.NONE
        + P.NONE + P.BININT1 + b"\x08" + P.BININT1 + b"\x01" + P.BININT1 + b"\x3f" + P.TUPLE
        + P.BUILD + P.SETITEMS + P.BUILD + P.STOP
    ),
    "array of objects with too few": proto(
        name("numpy._core.multiarray", "_reconstruct") + name("numpy", "ndarray") + P.BININT1
        + b"\0" + P.TUPLE1 + P.SHORT_BINBYTES + b"\x01b" + P.TUPLE3 + P.REDUCE + P.MARK + P.BININT1
        + b"\x01" + P.BININT1 + b"\x4c" + P.TUPLE1 + dtype("O8") + P.NEWFALSE + P.EMPTY_LIST
        + P.TUPLE + P.BUILD + P.STOP
    ),
    "before the file breaks off": proto(CALL),
    "before an unknown opcode": proto(CALL + b"\xff"),
    "before more bytes": proto(CALL + P.STOP + b"more"),
    "append to an object": proto(SCALER + P.NONE + P.APPEND + P.STOP),
    "item of a list": proto(P.EMPTY_LIST + P.BININT1 + b"\0" + P.NONE + P.SETITEM + P.STOP),
    "installer": proto(name("pip", "main") + P.EMPTY_TUPLE + P.REDUCE + P.STOP),
    "module gone from Python": proto(name("distutils.spawn", "spawn") + P.STOP),
    "module of Python 2": proto(name("commands", "getoutput") + P.STOP, 5),
}  # fmt: skip


def look(data, **options):
    return inspect_artifact(io.BytesIO(data), **options)


@pytest.mark.parametrize("data", UNSAFE.values(), ids=UNSAFE)
def test_file_that_would_run_something_is_unsafe(data):
    report = look(data)
    assert report.verdict is Verdict.UNSAFE
    assert report.size == len(data)
    with pytest.raises(ArtifactUnsafe):
        report.require_safe()


@pytest.mark.parametrize("data", UNSAFE.values(), ids=UNSAFE)
def test_trust_in_an_own_package_opens_nothing_else(data):
    assert look(data, trusted_modules=["mine"]).verdict is Verdict.UNSAFE


@pytest.mark.parametrize(
    "pack",
    [zlib.compress, gzip.compress, bz2.compress, lzma.compress],
    ids=["zlib", "gzip", "bz2", "xz"],
)
@pytest.mark.parametrize("data", UNSAFE.values(), ids=UNSAFE)
def test_compression_hides_nothing(data, pack):
    assert look(pack(data)).verdict is Verdict.UNSAFE


def test_the_error_names_the_symbol_and_its_place(dump):
    model = FunctionTransformer(eval)
    report = look(dump(model))
    assert report.findings[0].where == "model.func"
    with pytest.raises(ArtifactUnsafe, match=r"builtins\.eval.*model\.func"):
        report.require_safe()


def test_what_is_not_part_of_the_result_is_placed_by_its_byte():
    assert look(UNSAFE["reduce, popped"]).findings[0].where.startswith("unpacked byte ")


UNREADABLE = {
    "empty": (b"", "empty"),
    "text": (b"hello, world\n", "not a pickle|too early"),
    "zip": (b"PK\x03\x04rest", "zip archive"),
    "npy": (b"\x93NUMPY\x01\0", "numpy.save"),
    "only a header": (b"\x80\x04", "too early"),
    "unknown protocol": (b"\x80\x09N.", "unknown protocol 9"),
    "old joblib": (b"ZF0x10", r"before 0\.10"),
    "bytes behind the end": (proto(P.NONE + P.STOP + b"N."), "behind the end"),
    "bytes behind zlib": (zlib.compress(proto(b"N.")) + b"x", "behind the end of the zlib"),
    "bytes behind gzip": (gzip.compress(proto(b"N.")) + b"\0", "behind the end of the gzip"),
    "second gzip": (gzip.compress(proto(b"N.")) * 2, "behind the end of the gzip"),
    "second bz2": (bz2.compress(proto(b"N.")) * 2, "behind the end of the bz2"),
    "second xz": (lzma.compress(proto(b"N.")) * 2, "behind the end of the xz"),
    "raw pickle that looks like bz2": (b"BZ\0\0\0" + bytes(90) + b"0" + CALL + b".", "bz2 stream"),
    "damaged zlib": (b"\x78\x9c" + bytes(20), "zlib stream is damaged"),
    "cut xz": (lzma.compress(proto(b"N."))[:-3], "xz stream ends too early"),
    "frame beyond the end": (proto(P.FRAME + struct.pack("<Q", 100) + b"N."), "too early"),
    "huge frame": (proto(P.FRAME + struct.pack("<Q", 1 << 60)), "frame of"),
    "frame in a frame": (
        proto(P.FRAME + struct.pack("<Q", 11) + P.FRAME + struct.pack("<Q", 1) + b"N."),
        "frame inside another",
    ),
    "huge number": (b"L" + b"1" * 10_000 + b"L\n.", "number of"),
    "huge binary number": (proto(P.LONG4 + b"\xff\xff\xff\x7f"), "number of"),
    "huge text": (proto(P.BINUNICODE8 + struct.pack("<Q", 1 << 60)), "too early"),
    "array beyond the end": (
        proto(array("f8", shape=P.LONG1 + b"\x05\0\0\0\0\x01" + P.TUPLE1) + P.STOP),
        "too early",
    ),
    "memo that was never written": (proto(P.BINGET + b"\x05" + P.STOP), "not a pickle"),
    "nothing on the stack": (proto(P.STOP), "stack is empty"),
    "key without a value": (b"(I1\nd.", "key without a value"),
}


@pytest.mark.parametrize(("data", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_file_that_is_no_joblib_file_is_unreadable(data, message):
    with pytest.raises(ArtifactUnreadable, match=message):
        look(data)


@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3)])
def test_file_cut_at_any_byte_is_unreadable(dump, compress):
    model = LogisticRegression().fit(honest_models.POINTS, honest_models.LABELS)
    data = dump(model, compress=compress)
    for size in range(len(data)):
        with pytest.raises(ArtifactUnreadable):
            look(data[:size])


@pytest.mark.parametrize(
    "pack", [zlib.compress, bz2.compress, lzma.compress], ids=["zlib", "bz2", "xz"]
)
def test_bomb_is_stopped_by_its_ratio(pack):
    bomb = pack(proto(P.BINBYTES8 + struct.pack("<Q", 8 << 20) + bytes(8 << 20) + P.STOP))
    with pytest.raises(ArtifactUnreadable, match="decompression bomb"):
        look(bomb, limits=Limits(ratio=100, ratio_floor=1 << 20))
    with pytest.raises(ArtifactUnreadable, match="unpacks to more than 1000 bytes"):
        look(bomb, limits=Limits(unpacked=1000))


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (proto(P.NONE + P.POP) * 50, Limits(opcodes=20)),
        (proto(P.MARK * 50), Limits(depth=20)),
        (proto(P.NONE + P.MEMOIZE * 50), Limits(memo=20)),
    ],
    ids=["opcodes", "depth", "memo"],
)
def test_limits_are_told(data, limits):
    with pytest.raises(ArtifactUnreadable, match="more than 20"):
        look(data + P.STOP, limits=limits)


@pytest.mark.parametrize("shape", ["tuple", "list", "dict"])
def test_deep_nesting_breaks_nothing(shape):
    layer = {
        "tuple": P.TUPLE1,
        "list": P.EMPTY_LIST + P.MEMOIZE + P.EMPTY_LIST + P.APPEND,
        "dict": P.EMPTY_DICT + P.MEMOIZE + text("a") + P.EMPTY_DICT + P.SETITEM,
    }[shape]
    report = look(proto(P.NONE + layer * 50_000 + P.STOP))
    assert report.root is None
    with pytest.raises(ArtifactError, match="no estimator"):
        report.require_estimator()


def test_value_that_holds_itself_breaks_nothing():
    data = proto(
        SCALER + P.MEMOIZE + P.EMPTY_DICT + text("estimator") + P.BINGET + b"\0" + P.SETITEM
        + P.BUILD + P.STOP
    )  # fmt: skip
    assert look(data).require_estimator().kind == "StandardScaler"
