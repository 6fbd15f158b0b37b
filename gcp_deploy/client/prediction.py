"""What an application gets."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to some of the rows, when they did not fit into one request."""

    rows: int
    version: str
    deployed_model: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predictions in the order of the rows, and who gave them.

    A request that is split may meet several versions, when traffic is shared or moves meanwhile.
    Then *version* and *deployed_model* are empty and *parts* tells who answered which rows. The
    legacy service does not name the version; it is read from the model, and empty when the
    default moved while the question was under way.
    """

    predictions: list[Any]
    model: str
    version: str
    deployed_model: str
    parts: tuple[Part, ...] = ()

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that answered, each once."""
        return tuple(dict.fromkeys(part.version for part in self.parts))


def merged(model: str, answers: list[tuple[list[Any], Part]]) -> Prediction:
    """Put the answers to the parts of a request together again."""
    parts = tuple(part for _, part in answers)
    versions = {part.version for part in parts}
    deployed = {part.deployed_model for part in parts}
    return Prediction(
        predictions=[one for predictions, _ in answers for one in predictions],
        model=model,
        version=versions.pop() if len(versions) == 1 else "",
        deployed_model=deployed.pop() if len(deployed) == 1 else "",
        parts=parts,
    )
