"""Listing objects: order, prefixes, globs and pages."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gcp_deploy.emulator.messages import Query
from gcp_deploy.emulator.problems import invalid
from gcp_deploy.emulator.storage import catalog, paging
from gcp_deploy.emulator.storage.catalog import StoredObject

if TYPE_CHECKING:
    from gcp_deploy.emulator.platform import Platform

_LAST = "\U0010ffff"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Listing:
    """What objects.list was asked."""

    prefix: str
    delimiter: str
    start: str
    end: str | None
    versions: bool
    trailing: bool
    """Also give objects that end in their first delimiter, beside the prefix they make."""
    glob: re.Pattern[str] | None
    limit: int
    after: tuple[str, int]
    """The last entry of the page before; generation 0 stands for a prefix."""

    @classmethod
    def parse(cls, query: Query) -> "Listing":
        """Read the parameters; Problem 400 for a bad token, size or glob."""
        return cls(
            prefix=query.get("prefix"),
            delimiter=query.get("delimiter"),
            start=max(query.get("prefix"), query.get("startOffset")),
            end=query.get("endOffset") or None,
            versions=query.flag("versions"),
            trailing=query.flag("includeTrailingDelimiter"),
            glob=_glob(query.get("matchGlob")) if query.get("matchGlob") else None,
            limit=paging.size(query),
            after=_after(query),
        )

    def run(self, platform: "Platform", bucket: str) -> tuple[list[StoredObject], list[str], str]:
        """Return items, prefixes and the token of the next page (``""``: there is none)."""
        items: list[StoredObject] = []
        prefixes: list[str] = []
        last = self.after
        for found, group in self._entries(platform, bucket):
            if group and group in prefixes:
                if found is not None:
                    items.append(found)
                continue
            if len(items) + len(prefixes) >= self.limit:
                return items, prefixes, paging.next_token(json.dumps(last))
            if group:
                prefixes.append(group)
                last = (group, 0)
            if found is not None:
                items.append(found)
                last = last if group else (found.name, found.generation)
        return items, prefixes, ""

    def _entries(
        self, platform: "Platform", bucket: str
    ) -> Iterator[tuple[StoredObject | None, str]]:
        """Give objects, and prefixes that stand for many, in the order of their names."""
        name, generation = self.after
        start = max(self.start, name if generation else name and name + _LAST)
        while True:
            found = catalog.page(
                platform, bucket, start=start, end=self.end, versions=self.versions, limit=_PAGE
            )
            for item in found:
                if not item.name.startswith(self.prefix):
                    return
                if (item.name, item.generation) <= self.after:
                    continue
                if self.glob and not self.glob.fullmatch(item.name):
                    continue
                if group := self._group(item.name):
                    whole = self.trailing and item.name == group
                    yield (item if whole else None), group
                else:
                    yield item, ""
            if len(found) < _PAGE:
                return
            group = self._group(found[-1].name)
            start = group + _LAST if group else found[-1].name + "\0"
            if self.versions and not group:
                start = found[-1].name  # its other generations may follow
                if found[0].name == start:  # more generations than a page holds
                    raise invalid("Too many generations of one object to list.")

    def _group(self, name: str) -> str:
        if not self.delimiter:
            return ""
        head, found, _ = name[len(self.prefix) :].partition(self.delimiter)
        return self.prefix + head + found if found else ""


def _after(query: Query) -> tuple[str, int]:
    text = paging.token(query)
    if text is None:
        return "", 0
    try:
        name, generation = json.loads(text)
        return str(name), int(generation)
    except (ValueError, TypeError) as error:
        raise invalid("Invalid value for pageToken") from error


def _glob(text: str) -> re.Pattern[str]:
    """Return a pattern for *text*: ``*`` and ``?`` stay within a folder, ``**`` does not."""
    if len(text) > 1024 or text.count("*") > 16:
        raise invalid("Invalid value for matchGlob")
    expression, depth = "", 0
    for piece in re.findall(r"\*\*|\[[^\]]+\]|.", text, re.DOTALL):
        if piece == "**":
            expression += ".*"
        elif piece in "*?":
            expression += "[^/]*" if piece == "*" else "[^/]"
        elif piece == "{":
            expression, depth = expression + "(?:", depth + 1
        elif piece == "}" and depth:
            expression, depth = expression + ")", depth - 1
        elif piece == "," and depth:
            expression += "|"
        elif piece[0] == "[" and len(piece) > 2:
            inner = piece[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            expression += f"[{'^' + inner[1:] if inner[0] == '!' else inner}]"
        else:
            expression += re.escape(piece)
    try:
        return re.compile(expression, re.DOTALL)
    except re.error as error:
        raise invalid("Invalid value for matchGlob") from error
