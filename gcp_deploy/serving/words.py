"""Plausible texts, from the vocabulary of a fitted vectorizer."""

from typing import Any

from gcp_deploy.serving import anatomy

ROWS = 8
_WORDS = 6
_ANY = ("the", "first", "text", "of", "several", "words", "is", "here")


def texts(model: Any, features: int) -> list[list[Any] | None]:
    """Return one column of texts when *model* is a text vectorizer, else columns of nothing."""
    if not callable(getattr(model, "build_analyzer", None)):
        return [None] * features
    words = vocabulary(model) or list(_ANY)
    return [[_text(words, row) for row in range(ROWS)], *([None] * (features - 1))][:features]


def vocabulary(model: Any) -> list[str]:
    """Return the fitted words, sorted."""
    found = anatomy.attribute(model, "vocabulary_")
    return sorted(str(word) for word in found) if found else []


def _text(words: list[str], row: int) -> str:
    # Each row takes the next words, so that all rows together see all of the vocabulary.
    count = max(1, min(_WORDS, len(words) // ROWS))
    stride = max(1, len(words) // (ROWS * count))
    chosen = [words[(row * count + place) * stride % len(words)] for place in range(count)]
    return " ".join(dict.fromkeys(chosen))
