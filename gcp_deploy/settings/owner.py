"""Who runs this process: said in the release log, and compared when a lease is held.

The owner's words are the same after a restart only where they mean the same run: a build of a CI
service that is started again, not a second process of the same user.
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from gcp_deploy.settings.local import process_start

_BUILDS = (
    # A variable that only the service sets, what the service is called, the id of the build.
    ("GITHUB_ACTIONS", "GitHub Actions", ("GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_JOB")),
    ("GITLAB_CI", "GitLab CI", ("CI_PROJECT_PATH", "CI_JOB_ID")),
    ("BUILD_ID", "build", ("PROJECT_ID", "BUILD_ID")),
)
_PROCESS = re.compile(r"@(?P<host>\S+), process (?P<pid>\d+) since (?P<start>\d+)$")


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that acts, in words."""

    actor: str
    """Who decides: ``ada@laptop``, or the build."""
    owner: str
    """Who holds a lease: also which process, where it is no build."""


def owner_of(environ: Mapping[str, str], pid: int) -> Owner:
    """Describe process *pid* with the environment *environ*."""
    for mark, service, keys in _BUILDS:
        words = [environ[key] for key in keys if environ.get(key)]
        if environ.get(mark) and words:
            build = f"{service} {'/'.join(words)}"
            return Owner(build, build)
    user = _user(environ)
    actor = f"{user}@{socket.gethostname() or 'localhost'}"
    start = process_start(pid)
    return Owner(actor, f"{actor}, process {pid} since {start}" if start else actor)


def _user(environ: Mapping[str, str]) -> str:
    named = next((environ[key] for key in ("LOGNAME", "USER") if environ.get(key)), "")
    if named:
        return named
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without an entry for its user
        return "somebody"


def is_dead(owner: str) -> bool:
    """Tell whether *owner* is a process of this machine that has ended.

    False means alive or unknown: on another machine, or a build, only its lease's end tells.
    """
    found = _PROCESS.search(owner)
    if found is None or found["host"] != socket.gethostname():
        return False
    return process_start(int(found["pid"])) != found["start"]
