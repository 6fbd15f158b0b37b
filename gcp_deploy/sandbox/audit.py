"""A second fence in Python itself: network, programs and foreign files are refused by name.

Where the kernel offers no fence (macOS, old Linux) this is the only one, and code that is set on
it can climb over it through ``ctypes``. It is there to stop accidents and to say in words what was
refused; the allow-list of the loader is what keeps hostile code from running at all.
"""

import os
import sys
from pathlib import Path
from typing import Any

_REFUSED = {
    "socket.connect": "to use the network",
    "socket.bind": "to use the network",
    "socket.sendto": "to use the network",
    "socket.getaddrinfo": "to use the network",
    "socket.gethostbyname": "to use the network",
    "subprocess.Popen": "to start a program",
    "os.system": "to start a program",
    "os.exec": "to start a program",
    "os.posix_spawn": "to start a program",
    "os.fork": "to start a process",
    "os.forkpty": "to start a process",
    "pty.spawn": "to start a program",
    "os.kill": "to signal another process",
    "os.killpg": "to signal another process",
}
_CHANGES = frozenset(
    {
        "os.chmod",
        "os.chown",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(PermissionError):
    """The model tried to do what no model needs to do."""


def install(scratch: Path) -> str:
    """Refuse, from now on and for good, everything that reaches beyond *scratch*."""
    inside = f"{os.path.realpath(scratch)}{os.sep}"

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        purpose = _REFUSED.get(event)
        if purpose is not None:
            raise Refused(f"the model tried {purpose} ({event})")
        if event == "open":
            path, mode, flags = arguments
            if _writes(mode, flags) and not _inside(path, inside):
                raise Refused(f"the model tried to write the file {os.fsdecode(path)}")
        elif event in _CHANGES and not _inside(arguments[0], inside):
            raise Refused(f"the model tried to change files ({event})")

    sys.addaudithook(hook)
    return "network, programs and foreign files are refused by an audit hook"


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def _inside(path: Any, inside: str) -> bool:
    if isinstance(path, int):
        return True  # An open file was allowed when it was opened.
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    text = os.path.realpath(os.fsdecode(path))
    return text.startswith(inside) or text == os.devnull
