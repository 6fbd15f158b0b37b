"""Words of servers, made fit to be shown: one line, no control characters, no secrets."""

import re

import orjson

LONGEST = 400
_SECRETS = re.compile(r"(?i)(access_token=|[?&]key=|bearer\s+)[^\s\"'&<>]+|ya29\.[\w.-]+")
_TAGS = re.compile(r"<(style|script|head)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def clean(text: str, *, longest: int = LONGEST) -> str:
    """Return *text* in one printable line, unquoted when it is a JSON text, and shortened."""
    words = text[: 20 * longest].strip()
    if words[:1] == '"' == words[-1:]:
        try:
            words = str(orjson.loads(words))
        except orjson.JSONDecodeError:
            words = words.strip('"')
    words = _SECRETS.sub(lambda found: f"{found.group(1) or ''}[hidden]", words)
    words = "".join(letter if letter.isprintable() else " " for letter in words)
    words = " ".join(words.split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def glimpse(body: bytes) -> str:
    """Return the first words of a body that is not the JSON it should be."""
    text = _TAGS.sub(" ", body[:4096].decode("utf-8", "replace"))
    return clean(text, longest=120) or "nothing"
