"""The judge: hears what a file does with names and says safe, unsafe or needs trust."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gcp_deploy.artifact import rules
from gcp_deploy.artifact.allowlist import Verb, is_plain, is_trusted, is_untrustable, verbs
from gcp_deploy.artifact.locate import locate
from gcp_deploy.artifact.values import Global, Instance, Value

_MOST_FINDINGS = 100
_SHOWN = 200


class Verdict(StrEnum):
    """What the X-ray says of a file."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    NEEDS_TRUST = "needs-trust"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the file that is not simply allowed."""

    symbol: str
    """Module and name, or ``""`` when what is wrong has no name."""
    reason: str
    where: str
    """The place in the object tree, or the unpacked byte when it is not part of the result."""
    verdict: Verdict


@dataclass(slots=True)
class _Noted:
    symbol: str
    reason: str
    value: Value
    verdict: Verdict


class Judge:
    """Collects findings while the machine runs; see :class:`gcp_deploy.artifact.stack.Witness`."""

    def __init__(self, trusted_modules: Sequence[str]) -> None:
        self._trusted = tuple(trusted_modules)
        self._noted: dict[tuple[str, str], _Noted] = {}
        self.modules: set[str] = set()
        self.sklearn_versions: set[str] = set()

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        found = {noted.verdict for noted in self._noted.values()}
        for verdict in (Verdict.UNSAFE, Verdict.NEEDS_TRUST):
            if verdict in found:
                return verdict
        return Verdict.SAFE

    def saw(self, verb: Verb, symbol: Global, value: Value) -> None:
        """Judge one use of a name."""
        if verb is Verb.REFER:
            self.modules.add(symbol.module[:_SHOWN])
        allowed = verbs().get(symbol.pair)
        if allowed is None or not is_plain(symbol.name):
            self._unlisted(symbol, value)
        elif verb not in allowed:
            self.refuse(str(symbol), f"on the list, but not for this: {verb}", value)
        if isinstance(value, Instance):
            self._look_at(verb, symbol, value)

    def refuse(self, symbol: str, reason: str, value: Value) -> None:
        """Note something that no honest file does."""
        self._note(_Noted(symbol, reason, value, Verdict.UNSAFE))

    def findings(self, root: Value) -> tuple[Finding, ...]:
        """Return what was found, the worst first, each with its place under *root*."""
        noted = sorted(self._noted.values(), key=lambda one: one.verdict is not Verdict.UNSAFE)
        places = locate(root, [one.value for one in noted])
        return tuple(
            Finding(one.symbol, one.reason, place, one.verdict)
            for one, place in zip(noted, places, strict=True)
        )

    def _look_at(self, verb: Verb, symbol: Global, value: Instance) -> None:
        if verb is Verb.CALL:
            reason = rules.check_call(value) if isinstance(value.args, tuple) else ""
        elif verb is Verb.BUILD:
            reason = rules.check_state(value)
            version = value.attributes.get("_sklearn_version")
            if isinstance(version, str) and len(version) < _SHOWN:
                self.sklearn_versions.add(version)
        else:
            return
        if reason:
            self.refuse(str(symbol), reason, value)

    def _unlisted(self, symbol: Global, value: Value) -> None:
        root = symbol.module.partition(".")[0]
        if not is_plain(symbol.name):
            self.refuse(str(symbol), "not a plain name: it walks to an attribute", value)
        elif root == "__main__":
            reason = "defined in the script that saved the model: move it to a module of a package"
            self._note(_Noted(str(symbol), reason, value, Verdict.NEEDS_TRUST))
        elif is_untrustable(symbol.module):
            self.refuse(str(symbol), "not on the allow-list", value)
        elif not is_trusted(symbol.module, self._trusted):
            reason = f"code of the package {root!r}, which is not trusted in the settings"
            self._note(_Noted(str(symbol), reason, value, Verdict.NEEDS_TRUST))

    def _note(self, noted: _Noted) -> None:
        if len(self._noted) < _MOST_FINDINGS or noted.verdict is Verdict.UNSAFE:
            noted.symbol = noted.symbol[:_SHOWN]
            if len(self._noted) < 2 * _MOST_FINDINGS:
                self._noted.setdefault((noted.symbol, noted.reason), noted)
