"""A pickle machine that runs nothing: it moves symbols where the unpickler moves objects.

It follows ``pickle._Unpickler`` (which ``joblib.numpy_pickle.NumpyUnpickler`` extends) opcode by
opcode and consumes exactly the bytes that it would. What the file does with names is told to a
:class:`Witness`, which judges; what no machine can know is told to it as well and ends the reading.
"""

import pickle
from typing import ClassVar

from gcp_deploy.artifact import arrays
from gcp_deploy.artifact.allowlist import Verb, renamed
from gcp_deploy.artifact.limits import Limits
from gcp_deploy.artifact.literals import unsigned
from gcp_deploy.artifact.stack import StackMachine, Witness
from gcp_deploy.artifact.stream import Stream
from gcp_deploy.artifact.values import Array, Dict, Global, Instance, Unknown, Value

_RENAMED_BEFORE = 3


class Lost(Exception):
    """The file cannot be followed any further."""


class Machine(StackMachine):
    """One pickle: the file's own, or one inside an array of objects."""

    def __init__(
        self, stream: Stream, witness: Witness, limits: Limits, *, nested: bool = False
    ) -> None:
        super().__init__(stream, witness, limits)
        self._nested = nested

    def _lost(self, symbol: str, reason: str, value: Value = None) -> Lost:
        self._witness.refuse(symbol, reason, value)
        return Lost(reason)

    # --- names and objects -----------------------------------------------------------------------

    def _find(self, module: str, name: str) -> Global:
        if self._protocol < _RENAMED_BEFORE:
            module, name = renamed(module, name)
        found = Global(module, name, self._input.position)
        self._witness.saw(Verb.REFER, found, found)
        return found

    def _global(self) -> None:
        module = self._input.readline().decode()
        self._stack.append(self._find(module, self._input.readline().decode()))

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        if type(name) is str and type(module) is str:
            self._stack.append(self._find(module, name))
            return
        self._witness.refuse("", "the name of a symbol is computed", Unknown("computed name"))
        self._stack.append(Unknown("computed name"))

    def _make(self, maker: Value, args: Value, kwargs: Value, verb: Verb) -> Instance:
        made = Instance(maker, args, kwargs, verb is Verb.CALL, offset=self._input.position)
        if not isinstance(args, tuple):
            self._witness.refuse(str_of(maker), "called with arguments that are no tuple", made)
        if isinstance(maker, Global):
            self._witness.saw(verb, maker, made)
        else:
            self._witness.refuse(str_of(maker), f"{verb} of what is no name", made)
        return made

    def _reduce(self) -> None:
        args, maker = self._pop(), self._pop()
        if isinstance(maker, Global) and maker.pair == ("copyreg", "_reconstructor"):
            self._stack.append(self._reconstruct(maker, args))
        else:
            self._stack.append(self._make(maker, args, None, Verb.CALL))

    def _reconstruct(self, maker: Global, args: Value) -> Instance:
        """``copyreg._reconstructor(cls, base, state)``: how protocols 0 and 1 construct."""
        if not isinstance(args, tuple) or len(args) != 3 or not isinstance(args[0], Global):
            return self._make(maker, args, None, Verb.CALL)
        kind, base, state = args
        self._witness.saw(Verb.CALL, maker, args)
        made = self._make(kind, () if state is None else (state,), None, Verb.CONSTRUCT)
        if not isinstance(base, Global) or base.module != "builtins":
            self._witness.refuse(str_of(base), "constructed over what is no builtin type", made)
        return made

    def _newobj(self) -> None:
        args, kind = self._pop(), self._pop()
        self._stack.append(self._make(kind, args, None, Verb.CONSTRUCT))

    def _newobj_ex(self) -> None:
        kwargs, args, kind = self._pop(), self._pop(), self._pop()
        self._stack.append(self._make(kind, args, kwargs, Verb.CONSTRUCT))

    def _inst(self) -> None:
        module = self._input.readline().decode("ascii")
        found = self._find(module, self._input.readline().decode("ascii"))
        self._old_style(found, self._pop_mark())

    def _obj(self) -> None:
        items = self._pop_mark()
        self._old_style(items[0], items[1:])

    def _old_style(self, maker: Value, args: list[Value]) -> None:
        made = self._make(maker, tuple(args), None, Verb.CALL)
        self._witness.refuse(str_of(maker), "constructed as only Python 2 pickles do", made)
        self._stack.append(made)

    def _extension(self, size: int) -> None:
        code = unsigned(self._input, size)
        self._witness.refuse("", f"name number {code} of a registry that is not in the file", None)
        self._stack.append(Unknown("extension"))

    def _persistent(self) -> None:
        raise self._lost("", "refers to something outside of the file")

    # --- states and arrays -----------------------------------------------------------------------

    def _build(self) -> None:
        state = self._pop()
        target = self._stack[-1]
        if not isinstance(target, Instance) or not isinstance(target.maker, Global):
            self._witness.refuse(str_of(target), "a state is given to what is no instance", target)
            if isinstance(target, Instance | Unknown):
                raise Lost(target)
            return
        target.built += 1
        if isinstance(state, Dict):
            target.attributes.update(state.texts())
        target.state = state
        self._witness.saw(Verb.BUILD, target.maker, target)
        if target.maker.pair == arrays.WRAPPER:
            self._stack[-1] = self._array(target)

    def _array(self, wrapper: Instance) -> Array:
        if self._nested or wrapper.built > 1:
            raise self._lost(str(wrapper.maker), "an array wrapper where joblib writes none")
        try:
            layout = arrays.layout(wrapper)
        except arrays.Unresolvable as error:
            raise self._lost(str(wrapper.maker), str(error), wrapper) from error
        if layout.dtype.has_objects:
            inner = Machine(self._stream, self._witness, self._limits, nested=True)
            return Array(layout.dtype, layout.shape, content=inner.run())
        if layout.padded:
            self._stream.skip(self._stream.read(1)[0])
        if layout.size > self._limits.kept:
            self._stream.skip(layout.size)
            return Array(layout.dtype, layout.shape)
        return Array(layout.dtype, layout.shape, self._stream.read(layout.size))

    ACTS: ClassVar = StackMachine.ACTS | {
        pickle.GLOBAL[0]: _global,
        pickle.STACK_GLOBAL[0]: _stack_global,
        pickle.REDUCE[0]: _reduce,
        pickle.NEWOBJ[0]: _newobj,
        pickle.NEWOBJ_EX[0]: _newobj_ex,
        pickle.BUILD[0]: _build,
        pickle.INST[0]: _inst,
        pickle.OBJ[0]: _obj,
        pickle.EXT1[0]: lambda self: self._extension(1),
        pickle.EXT2[0]: lambda self: self._extension(2),
        pickle.EXT4[0]: lambda self: self._extension(4),
        pickle.PERSID[0]: _persistent,
        pickle.BINPERSID[0]: _persistent,
        pickle.NEXT_BUFFER[0]: _persistent,
        pickle.READONLY_BUFFER[0]: _persistent,
    }
    """What each opcode does."""


def str_of(value: Value) -> str:
    """Return a short name of *value* for a finding."""
    if isinstance(value, Instance):
        return str_of(value.maker)
    return str(value) if isinstance(value, Global) else type(value).__name__.lower()
