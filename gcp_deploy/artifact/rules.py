"""What a name on the allow-list may not be given: arguments and states that would make it a tool.

Each rule looks at one instance and returns what is wrong with it, or ``""``. A rule stands here
when a listed function would call, import or run what it is given.
"""

import re
from collections.abc import Callable

from gcp_deploy.artifact.allowlist import Verb, is_plain, verbs
from gcp_deploy.artifact.array_states import check_array, check_dtype
from gcp_deploy.artifact.values import Dict, Global, Instance, Text, Value

Rule = Callable[[Instance], str]

_RANDOM_MODULES = re.compile(r"numpy\.random\.(_[a-z0-9]+|mtrand)")
_SHAPES = r"(?P<shapes>(?:[A-Za-z]\w*, )*)"
_TEMPLATE = re.compile(
    rf"\ndef _parse_args\(self, {_SHAPES} (?P<given>loc=0(?:, scale=1)?)\):\n"
    r"    return \((?P=shapes)\), (?P<taken>loc, (?:scale|1))\n\n"
    r"def _parse_args_rvs\(self, (?P=shapes) (?P=given), size=None\):\n"
    r"    return self\._argcheck_rvs\((?P=shapes) (?P=taken), size=size\)\n\n"
    r"def _parse_args_stats\(self, (?P=shapes) (?P=given), moments='mv'\):\n"
    r"    return \((?P=shapes)\), (?P=taken), moments\n"
)
_PRE_DISPATCH = re.compile(r"all|[0-9.*+/ ()-]*(?:n_jobs)?[0-9.*+/ ()-]*")
_HAS_SETSTATE = {
    ("numpy.random._pickle", "__bit_generator_ctor"),
    ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
}


def check_call(made: Instance) -> str:
    """Return what is wrong with the arguments of a call, or ``""``."""
    if isinstance(made.maker, Global) and made.maker.pair in _CALLS:
        return _CALLS[made.maker.pair](made)
    return ""


def check_state(built: Instance) -> str:
    """Return what is wrong with the state of an instance, or ``""``."""
    state, maker = built.state, built.maker
    assert isinstance(maker, Global)
    if isinstance(state, tuple):
        # (dict, slots) is what the unpickler sets attributes from, ``__class__`` among them.
        if len(state) == 2 and maker.pair not in _HAS_SETSTATE:
            return "its state has slots"
    elif not isinstance(state, Dict):
        return "its state is neither a dict nor a tuple"
    elif any(type(key) is not str for key, _ in state.pairs):
        return "its state has names that are no plain texts"
    rule = _STATES.get(maker.pair, _plain_names)
    return rule(built) or _code_in_texts(built)


def _plain_names(built: Instance) -> str:
    for name, value in built.attributes.items():
        described = name in {"__name__", "__doc__"} and (value is None or _is_text(value))
        if name.startswith("__") and not described:
            return f"its state sets {name[:40]!r}"
    return ""


def _is_text(value: Value) -> bool:
    return isinstance(value, str | Text)


def _code_in_texts(built: Instance) -> str:
    names = built.attributes
    template = names.get("_parse_arg_template", "")
    if template and not (isinstance(template, str) and _TEMPLATE.fullmatch(template)):
        return "its _parse_arg_template, which scipy executes, is not what scipy writes"
    dispatch = names.get("pre_dispatch", "")
    if not isinstance(dispatch, int) and not (
        isinstance(dispatch, str) and _PRE_DISPATCH.fullmatch(dispatch)
    ):
        return "its pre_dispatch, which joblib evaluates, is not a number of jobs"
    assert isinstance(built.maker, Global)
    if built.maker.module == "sklearn.feature_extraction.text" and names.get("input") == "filename":
        return "it would read the files that requests name (input='filename')"
    return ""


def _encode(made: Instance) -> str:
    if len(made.args) == 2 and made.args[1] == "latin1":
        return ""
    return "encodes to something else than latin1"


def _getattr(made: Instance) -> str:
    # scipy's discrete distributions carry one bound method of their own.
    if len(made.args) == 2 and made.args[1] == "_entropy" and isinstance(made.args[0], Instance):
        owner = made.args[0].maker
        if isinstance(owner, Global) and owner.module == "scipy.stats._discrete_distns":
            return ""
    return "takes an attribute"


def _partial(made: Instance) -> str:
    if len(made.args) == 1 and _is_function(made.args[0]):
        return ""
    return "prepares a call of what is not on the list of plain functions"


def _partial_state(built: Instance) -> str:
    state = built.state
    if (
        isinstance(state, tuple)
        and len(state) == 4
        and _is_function(state[0])
        and isinstance(state[1], tuple)
        and isinstance(state[2], Dict)
        and (state[3] is None or (isinstance(state[3], Dict) and not state[3].pairs))
    ):
        return ""
    return "prepares a call of what is not on the list of plain functions"


def _vectorize_state(built: Instance) -> str:
    function = built.attributes.get("pyfunc")
    if isinstance(function, Instance):
        bound = function.is_made_by(("builtins", "getattr"))
    else:
        bound = _is_function(function)
    if not bound:
        return "calls what is not on the list of plain functions"
    return _plain_names(built)


def _bit_generator(made: Instance) -> str:
    for value in made.args:
        known = isinstance(value, Global) and _RANDOM_MODULES.fullmatch(value.module)
        if not isinstance(value, str) and not known:
            return "makes something else than a bit generator"
    return ""


def _generator(made: Instance) -> str:
    constructor = made.args[1] if len(made.args) > 1 else None
    if constructor is None or (
        isinstance(constructor, Global)
        and constructor.pair == ("numpy.random._pickle", "__bit_generator_ctor")
    ):
        return ""
    return "calls something else than the constructor of bit generators"


def _new_index(made: Instance) -> str:
    kind = made.args[0] if made.args else None
    if isinstance(kind, Global) and kind.module.partition(".")[0] == "pandas":
        return ""
    return "makes something else than an index"


def _default_factory(made: Instance) -> str:
    if all(value is None or _is_function(value) for value in made.args[:1]):
        return ""
    return "calls what is not on the list of plain functions for what is missing"


def _is_function(value: Value) -> bool:
    """Tell whether *value* is a listed name that files only refer to: a function, a type."""
    return (
        isinstance(value, Global)
        and is_plain(value.name)
        and verbs().get(value.pair) == frozenset({Verb.REFER})
    )


_CALLS: dict[tuple[str, str], Rule] = {
    ("_codecs", "encode"): _encode,
    ("builtins", "getattr"): _getattr,
    ("functools", "partial"): _partial,
    ("collections", "defaultdict"): _default_factory,
    ("numpy.random._pickle", "__bit_generator_ctor"): _bit_generator,
    ("numpy.random._pickle", "__generator_ctor"): _generator,
    ("numpy.random._pickle", "__randomstate_ctor"): _generator,
    ("pandas.core.indexes.base", "_new_Index"): _new_index,
    ("pandas.core.indexes.interval", "_new_IntervalIndex"): _new_index,
}
_STATES: dict[tuple[str, str], Rule] = {
    ("functools", "partial"): _partial_state,
    ("numpy", "dtype"): check_dtype,
    ("numpy._core.multiarray", "_reconstruct"): check_array,
    ("numpy.core.multiarray", "_reconstruct"): check_array,
    ("numpy.ma.core", "_mareconstruct"): check_array,
    ("numpy", "vectorize"): _vectorize_state,
    ("numpy.lib._function_base_impl", "vectorize"): _vectorize_state,
    ("numpy.lib.function_base", "vectorize"): _vectorize_state,
}
