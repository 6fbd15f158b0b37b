"""Names and times as Google's APIs write them. Pure."""

from datetime import UTC, datetime


def last(name: str) -> str:
    """Return the id at the end of a resource name, without ``@version``.

    Names come back with the project's number, so that whole names are never compared.
    """
    return name.rsplit("/", 1)[-1].partition("@")[0]


def moment(text: str) -> datetime:
    """Read a timestamp, to the microsecond; what is none counts as the beginning of time."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    try:
        found = datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}" if fraction else whole)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
