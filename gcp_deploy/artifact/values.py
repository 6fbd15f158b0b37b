"""What a pickle's values look like when nothing is run: symbols in the place of objects.

``None``, numbers, short texts and bytes, lists and tuples stand for themselves. Values are compared
by identity only: the memo may put one value in many places, also inside itself.
"""

from dataclasses import dataclass, field
from typing import Any

Value = Any
"""One of the kinds below, or a plain Python constant, list or tuple."""


@dataclass(eq=False, slots=True)
class Global:
    """A class or function, by the name it would be imported with."""

    module: str
    name: str
    offset: int = 0

    @property
    def pair(self) -> tuple[str, str]:
        """Module and name."""
        return self.module, self.name

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Instance:
    """What constructing or calling *maker* would give."""

    maker: Value
    args: Value = ()
    kwargs: Value = None
    called: bool = False
    attributes: dict[str, Value] = field(default_factory=dict)
    """The state, when it was a dict."""
    state: Value = None
    """The state, when it was anything else."""
    built: int = 0
    """How many times it was given a state."""
    items: list[Value] = field(default_factory=list)
    pairs: list[tuple[Value, Value]] = field(default_factory=list)
    offset: int = 0

    def is_made_by(self, *names: tuple[str, str]) -> bool:
        """Tell whether the maker is one of the (module, name) pairs."""
        return isinstance(self.maker, Global) and self.maker.pair in names


@dataclass(eq=False, slots=True)
class Dict:
    """A dict: keys need not be hashable here."""

    pairs: list[tuple[Value, Value]] = field(default_factory=list)

    def texts(self) -> dict[str, Value]:
        """Return the entries whose key is a plain text; the last of a name wins."""
        return {key: value for key, value in self.pairs if type(key) is str}


@dataclass(eq=False, slots=True)
class Set:
    """A set or frozenset."""

    items: list[Value] = field(default_factory=list)
    frozen: bool = False


@dataclass(eq=False, slots=True, frozen=True)
class Text:
    """A text too long to be kept."""

    size: int


@dataclass(eq=False, slots=True, frozen=True)
class Blob:
    """Bytes too long to be kept, or a bytearray."""

    size: int
    data: bytes | None = None


@dataclass(eq=False, slots=True, frozen=True)
class Unknown:
    """A value that cannot be known without running something."""

    why: str


@dataclass(slots=True, frozen=True)
class Dtype:
    """The type of an array's elements, as far as reading its bytes needs it."""

    kind: str
    itemsize: int
    has_objects: bool = False
    byteorder: str = "|"


@dataclass(eq=False, slots=True, frozen=True)
class Array:
    """An array that joblib wrote behind its wrapper."""

    dtype: Dtype
    shape: tuple[int, ...]
    data: bytes | None = None
    """The bytes, when they are few."""
    content: Value = None
    """For arrays of objects: the root of the pickle inside."""
