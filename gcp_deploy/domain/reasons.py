"""Reasons that people give with ``--because``: kept in the release log, shown for years."""

from gcp_deploy.errors import UsageError

LONGEST = 500
"""Characters."""


def check(reason: str) -> str:
    """Return *reason*, or raise UsageError when it is no readable text of a sensible length."""
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"the reason is no text in this terminal's encoding, at character {error.start + 1}",
            hint="set a UTF-8 locale, such as LC_ALL=C.UTF-8",
        ) from error
    if any(not letter.isprintable() for letter in reason):
        raise UsageError(
            "the reason has control characters or line breaks", hint="one line of text"
        )
    if len(reason) > LONGEST:
        raise UsageError(
            f"the reason has {len(reason)} characters", hint=f"at most {LONGEST} are kept"
        )
    return reason
