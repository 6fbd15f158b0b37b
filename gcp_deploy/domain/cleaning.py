"""Words of servers, made fit to be shown: one line, no control characters, no secrets, not long."""

import re

LONGEST = 400
"""Characters of a server's message that are shown."""

_SECRETS = re.compile(
    r"(?i)(upload_id=|access_token=|[?&]key=|bearer\s+)[^\s\"'&<>]+|ya29\.[\w.-]+|\beyJ[\w-]{8,}[\w.-]*"
)
_TAGS = re.compile(r"(?is)<(style|script|head)\b.*?</\1>|<[^>]*>")


def clean(text: str, *, longest: int = LONGEST) -> str:
    r"""Return *text* in one line of printable characters, shortened, with secrets blotted out.

    >>> clean('"Prediction failed: bad\x1b[31m row"')
    'Prediction failed: bad [31m row'
    """
    words = _unquoted(text[: 20 * longest])
    words = _SECRETS.sub(lambda found: f"{found.group(1) or ''}[hidden]", words)
    # Control and direction marks, private and unassigned characters, line breaks of all kinds.
    words = "".join(letter if letter.isprintable() else " " for letter in words)
    words = re.sub(r" +", " ", words).strip()
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def glimpse(body: bytes) -> str:
    """Return the first words of a body that is not the JSON it should be, for a message."""
    text = body[:4096].decode("utf-8", "replace")
    if text.lstrip()[:1] == "<":
        text = _TAGS.sub(" ", text)
    return clean(text, longest=80) or "nothing"


def _unquoted(text: str) -> str:
    """Some messages arrive as JSON inside the JSON: a text, or the container's error object."""
    import json  # the client's import counts every millisecond

    bare = text.strip()
    if bare[:1] + bare[-1:] not in {'""', "{}"} or len(bare) == 1:
        return bare
    try:
        inner = json.loads(bare)
    except ValueError:
        return bare
    if isinstance(inner, dict):
        inner = inner.get("error")
    return inner if isinstance(inner, str) else bare
