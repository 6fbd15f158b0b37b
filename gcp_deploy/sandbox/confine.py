"""What a child process does to itself before it touches an artifact; it cannot be taken back."""

import ctypes
import os
import resource
import signal
import site
import sys
from collections.abc import Iterable
from pathlib import Path

from gcp_deploy.sandbox import audit, landlock
from gcp_deploy.sandbox.limits import MEBIBYTE, Limits

_SET_PDEATHSIG = 1
_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

# Not /proc as a whole, which shows the environment of the parent, and not /etc or /home.
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/opt",
    "/nix",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/dev/urandom",
    "/dev/null",
    "/etc/ld.so.cache",
    "/etc/localtime",
)


def confine(
    limits: Limits, *, scratch: Path, parent: int, readable: Iterable[Path] = ()
) -> tuple[str, ...]:
    """Give up what no model needs; return the protections that are on, in words.

    *parent* is the process that started this one: when it is gone, so are we. *readable* are
    folders of the deployer's own modules. The process must have one thread yet.
    """
    os.umask(0o077)
    on = [_limit(limits)]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        on += _without_network(libc)
        # After the name spaces: a change of credentials clears the signal.
        libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        on.append("dies with its parent")
        if libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            on.append("can gain no privileges")
            on += landlock.restrict(read=_readable(readable), write=(scratch, Path(os.devnull)))
    on.append(audit.install(scratch))
    return tuple(on)


def _limit(limits: Limits) -> str:
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, limits.file_size)
    _set(resource.RLIMIT_NOFILE, limits.open_files)
    text = f"at most {limits.open_files} files"
    if sys.platform == "linux":  # elsewhere the kernel takes this limit and does not keep it
        _set(resource.RLIMIT_AS, limits.memory)
        text = f"at most {limits.memory // MEBIBYTE} MiB of memory, {text}"
    if limits.processor_time is not None:
        seconds = max(1, int(limits.processor_time.total_seconds()))
        _set(resource.RLIMIT_CPU, seconds)
        text = f"{text}, {seconds} s of processor time"
    return text


def _set(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (value, value))


def _without_network(libc: ctypes.CDLL) -> tuple[str, ...]:
    # Without privileges the network can be left only together with the user name space.
    for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET):
        if libc.unshare(flags) == 0:
            return ("has no network interfaces",)
    return ()


def _readable(own: Iterable[Path]) -> list[Path]:
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, *site.getsitepackages()]
    return [Path(text) for text in dict.fromkeys([*python, *_SYSTEM]) if text] + list(own)
