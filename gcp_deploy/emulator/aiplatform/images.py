"""What a container image of a model means on this platform.

Google's prebuilt scikit-learn images call ``predict`` on bare lists; any other image is taken to be
our serving program. Table: "Prebuilt containers for inference and explanation" (August 2026).
"""

import re
from dataclasses import dataclass
from datetime import date

_PREBUILT = re.compile(
    r"(?:us|europe|asia)-docker\.pkg\.dev/vertex-ai/prediction/"
    r"(?P<name>[a-z0-9-]+-(?:cpu|gpu|tpu))\.(?P<version>[0-9-]+):(?P<tag>[\w.-]+)"
)

_END_OF_AVAILABILITY = {
    "1-6": date(2027, 10, 14),
    "1-5": date(2027, 1, 14),
    "1-4": date(2027, 1, 14),
    "1-3": date(2025, 11, 28),
    "1-2": date(2025, 6, 30),
    "1-0": date(2024, 11, 15),
    "0-24": date(2024, 11, 15),
    "0-23": date(2024, 11, 15),
    "0-22": date(2024, 11, 15),
    "0-20": date(2024, 11, 15),
}


@dataclass(frozen=True, slots=True)
class Image:
    """An image, judged."""

    uri: str
    prebuilt: bool
    """One of Google's prediction images, of whatever framework."""
    sklearn: bool
    """One of Google's scikit-learn images."""
    missing: str
    """Why nothing can be started from it, or empty."""
    available_until: date | None
    """The last day on which new deployments are taken, when there is one."""

    @property
    def column_names(self) -> bool:
        """Whether the model is asked with named columns: our serving program does it."""
        return not self.prebuilt

    def is_gone(self, today: date) -> bool:
        """Tell whether new deployments are refused on that day."""
        return self.available_until is not None and today > self.available_until


def judge(uri: str) -> Image:
    """Return what *uri* stands for."""
    match = _PREBUILT.fullmatch(uri)
    if match is None:
        return Image(uri, prebuilt=False, sklearn=False, missing="", available_until=None)
    until = _END_OF_AVAILABILITY.get(match["version"]) if match["name"] == "sklearn-cpu" else None
    missing = ""
    if match["name"] != "sklearn-cpu":
        missing = f"the framework of image {uri} is not served here, only scikit-learn is"
    elif until is None or match["tag"] != "latest":
        missing = f"image {uri} was not found"
    return Image(
        uri,
        prebuilt=True,
        sklearn=match["name"] == "sklearn-cpu",
        missing=missing,
        available_until=until,
    )
