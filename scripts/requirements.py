"""Print what scripts/setup has to install for some dependency groups, one requirement a line.

The pip of Python 3.11 does not know dependency groups (PEP 735) yet, so they are read here. The
first line is a comment with a digest: it changes when pyproject.toml or the version does, so that
the editable install is made again.
"""

import hashlib
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def expand(groups: dict[str, list[Any]], name: str) -> list[str]:
    """Return the requirements of the group *name* and of those it includes."""
    if name not in groups:
        sys.exit(f"no dependency group {name!r} in pyproject.toml; there are: {', '.join(groups)}")
    found: list[str] = []
    for entry in groups[name]:
        found += [entry] if isinstance(entry, str) else expand(groups, entry["include-group"])
    return found


def main() -> None:
    """Print the digest line and the sorted requirements of the groups on the command line."""
    project = (ROOT / "pyproject.toml").read_bytes()
    seen = project + (ROOT / "gcp_deploy/__init__.py").read_bytes() + sys.version.encode()
    groups = tomllib.loads(project.decode())["dependency-groups"]
    wanted = {line for name in sys.argv[1:] for line in expand(groups, name)}
    print(f"# {hashlib.sha256(seen).hexdigest()}", *sorted(wanted), sep="\n")


if __name__ == "__main__":
    main()
