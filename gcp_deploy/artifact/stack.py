"""The stack, the memo and the containers of the pickle machine."""

import pickle
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from gcp_deploy.artifact.allowlist import Verb
from gcp_deploy.artifact.limits import Limits
from gcp_deploy.artifact.literals import READERS, decimal, unsigned
from gcp_deploy.artifact.stream import Input, Stream
from gcp_deploy.artifact.values import Dict, Global, Instance, Set, Unknown, Value
from gcp_deploy.errors import ArtifactUnreadable

_STOP = pickle.STOP[0]


class Witness(Protocol):
    """Hears what a file does."""

    def saw(self, verb: Verb, symbol: Global, value: Value) -> None:
        """*verb* is done with *symbol*; *value* is what it is done to or what it gives."""
        ...

    def refuse(self, symbol: str, reason: str, value: Value) -> None:
        """Something is done that no honest file does, or that cannot be resolved."""
        ...


class StackMachine:
    """The part of the machine that only moves values about."""

    def __init__(self, stream: Stream, witness: Witness, limits: Limits) -> None:
        self._witness = witness
        self._limits = limits
        self._stream = stream
        self._input = Input(stream, limits, self._odd)
        self._stack: list[Value] = []
        self._marks: list[list[Value]] = []
        self._memo: dict[int, Value] = {}
        self._protocol = 0
        self.protocol = 0
        """The highest protocol the file announces."""

    def run(self) -> Value:
        """Return the symbolic root.

        Raises:
            ArtifactUnreadable: The bytes are no pickle, end too early, or exceed a limit.
            Lost: The witness refused something behind which nothing can be known.
        """
        source = self._input
        for _ in range(self._limits.opcodes):
            code = source.read(1)[0]
            if code == _STOP:
                return self._pop()
            read = READERS.get(code)
            try:
                if read is not None:
                    self._stack.append(read(source))
                else:
                    self._do(code)
            except (IndexError, KeyError, ValueError, TypeError, OverflowError) as error:
                raise self._malformed(_reason(error)) from error
        raise ArtifactUnreadable(f"more than {self._limits.opcodes} steps in the pickle")

    def _do(self, code: int) -> None:
        act = self.ACTS.get(code)
        if act is None:
            raise self._malformed(f"unknown opcode {code:#04x}")
        act(self)

    def _malformed(self, reason: str) -> ArtifactUnreadable:
        return ArtifactUnreadable(
            f"not a pickle at unpacked byte {self._input.position}: {reason[:200]}",
            hint="only files written by joblib.dump can be deployed",
        )

    def _odd(self, reason: str) -> None:
        self._witness.refuse("", reason, Unknown(reason))

    def _pop(self) -> Value:
        if not self._stack:
            raise self._malformed("the stack is empty")
        return self._stack.pop()

    def _pop_mark(self) -> list[Value]:
        items = self._stack
        if not self._marks:
            raise self._malformed("no mark on the stack")
        self._stack = self._marks.pop()
        return items

    # --- framing and the stack -----------------------------------------------------------------

    def _proto(self) -> None:
        self._protocol = self._input.read(1)[0]
        if self._protocol > pickle.HIGHEST_PROTOCOL:
            raise self._malformed(f"unknown protocol {self._protocol}")
        self.protocol = max(self.protocol, self._protocol)

    def _frame(self) -> None:
        self._input.start_frame(unsigned(self._input, 8))

    def _mark(self) -> None:
        if len(self._marks) >= self._limits.depth:
            raise self._malformed(f"nested more than {self._limits.depth} deep")
        self._marks.append(self._stack)
        self._stack = []

    def _pop_one(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._pop_mark()

    def _drop_mark(self) -> None:
        self._pop_mark()

    def _dup(self) -> None:
        self._stack.append(self._stack[-1])

    def _put(self, index: int) -> None:
        if index < 0:
            raise self._malformed("negative place in the memo")
        if len(self._memo) >= self._limits.memo:
            raise self._malformed(f"more than {self._limits.memo} values in the memo")
        self._memo[index] = self._stack[-1]

    def _get(self, index: int) -> None:
        self._stack.append(self._memo[index])

    # --- containers ------------------------------------------------------------------------------

    def _tuple_of(self, size: int) -> None:
        if len(self._stack) < size:
            raise self._malformed("the stack is empty")
        self._stack[-size:] = [tuple(self._stack[-size:])]

    def _push(self, value: Value) -> None:
        # Looks the stack up only now: a mark popped while *value* was made has replaced it.
        self._stack.append(value)

    def _pairs(self) -> list[tuple[Value, Value]]:
        items = self._pop_mark()
        if len(items) % 2:
            raise self._malformed("a key without a value")
        return list(zip(items[::2], items[1::2], strict=True))

    def _append(self, items: list[Value], verb: Verb, kind: type) -> None:
        target = self._stack[-1]
        if kind is list and isinstance(target, list):
            target.extend(items)
        elif kind is Set and isinstance(target, Set) and not target.frozen:
            target.items.extend(items)
        elif isinstance(target, Instance) and isinstance(target.maker, Global):
            self._witness.saw(verb, target.maker, target)
            target.items.extend(items)
        else:
            self._witness.refuse("", f"{verb} to what is not a container", target)

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([(key, value)])

    def _set_items(self, pairs: list[tuple[Value, Value]]) -> None:
        target = self._stack[-1]
        if isinstance(target, Dict):
            target.pairs.extend(pairs)
        elif isinstance(target, Instance) and isinstance(target.maker, Global):
            self._witness.saw(Verb.SETITEM, target.maker, target)
            target.pairs.extend(pairs)
        else:
            self._witness.refuse("", "setitem on what is not a dict", target)

    ACTS: ClassVar[dict[int, Callable[[Any], None]]] = {
        pickle.PROTO[0]: _proto,
        pickle.FRAME[0]: _frame,
        pickle.MARK[0]: _mark,
        pickle.POP[0]: _pop_one,
        pickle.POP_MARK[0]: _drop_mark,
        pickle.DUP[0]: _dup,
        pickle.PUT[0]: lambda self: self._put(decimal(self._input, self._input.readline())),
        pickle.BINPUT[0]: lambda self: self._put(self._input.read(1)[0]),
        pickle.LONG_BINPUT[0]: lambda self: self._put(unsigned(self._input, 4)),
        pickle.MEMOIZE[0]: lambda self: self._put(len(self._memo)),
        pickle.GET[0]: lambda self: self._get(decimal(self._input, self._input.readline())),
        pickle.BINGET[0]: lambda self: self._get(self._input.read(1)[0]),
        pickle.LONG_BINGET[0]: lambda self: self._get(unsigned(self._input, 4)),
        pickle.EMPTY_TUPLE[0]: lambda self: self._stack.append(()),
        pickle.TUPLE[0]: lambda self: self._push(tuple(self._pop_mark())),
        pickle.TUPLE1[0]: lambda self: self._tuple_of(1),
        pickle.TUPLE2[0]: lambda self: self._tuple_of(2),
        pickle.TUPLE3[0]: lambda self: self._tuple_of(3),
        pickle.EMPTY_LIST[0]: lambda self: self._stack.append([]),
        pickle.LIST[0]: lambda self: self._push(self._pop_mark()),
        pickle.APPEND[0]: lambda self: self._append([self._pop()], Verb.APPEND, list),
        pickle.APPENDS[0]: lambda self: self._append(self._pop_mark(), Verb.APPEND, list),
        pickle.EMPTY_DICT[0]: lambda self: self._stack.append(Dict()),
        pickle.DICT[0]: lambda self: self._push(Dict(self._pairs())),
        pickle.SETITEM[0]: _set_item,
        pickle.SETITEMS[0]: lambda self: self._set_items(self._pairs()),
        pickle.EMPTY_SET[0]: lambda self: self._stack.append(Set()),
        pickle.ADDITEMS[0]: lambda self: self._append(self._pop_mark(), Verb.ADD, Set),
        pickle.FROZENSET[0]: lambda self: self._push(Set(self._pop_mark(), frozen=True)),
    }
    """What each opcode does."""


def _reason(error: Exception) -> str:
    """Say what was wrong with an instruction, without Python's words for it."""
    match error:
        case KeyError():
            return "it uses a memo entry that was never made"
        case IndexError():
            return "an instruction finds too little on the stack"
        case _:
            return str(error)
