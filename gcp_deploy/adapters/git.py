"""The git repository around the artifact, by the git program (port ``Revisions``)."""

import shutil
import subprocess
from pathlib import Path

_TIMEOUT = 10.0
"""Seconds. Reading a commit takes milliseconds; a repository on a dead network disk hangs."""


class GitRevisions:
    """What git says about *folder*. Without git, or outside a repository, it says nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def head(self) -> str:
        """Return the commit that is checked out, or ``""`` outside a repository."""
        status, text = self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return text if status == 0 else ""

    def is_ancestor(self, older: str, newer: str) -> bool | None:
        """Tell whether *older* is an ancestor of *newer*; None when one of them is unknown here."""
        if not (_is_commit(older) and _is_commit(newer)):
            return None
        status, _ = self._git("merge-base", "--is-ancestor", older, newer)
        return {0: True, 1: False}.get(status)

    def _git(self, *words: str) -> tuple[int, str]:
        program = shutil.which("git")
        if program is None:
            return -1, ""
        command = [program, "-C", str(self._folder), *words]
        try:
            done = subprocess.run(  # noqa: S603 -- no shell; the words are ours or checked hex
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return -1, ""
        return done.returncode, done.stdout.decode("ascii", "replace").strip()


def _is_commit(name: str) -> bool:
    """Only hexadecimal names go to git: a name that begins with ``-`` would be an option."""
    return 7 <= len(name) <= 64 and all(letter in "0123456789abcdef" for letter in name)
