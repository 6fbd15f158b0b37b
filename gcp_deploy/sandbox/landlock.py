"""Landlock: the kernel refuses files, programs, TCP and signals outside what is listed here.

Linux 5.13 and later, without privileges, for this process and all it could ever start. The numbers
are those of ``include/uapi/linux/landlock.h``; the three system calls have the same numbers on all
architectures.
"""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GET_VERSION = 1
_PATH_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_FIRST_ABI = (1 << 13) - 1
_REFER = 1 << 13
_TCP = 0b11
_SCOPES = 0b11
_FILE_RIGHTS = _WRITE_FILE | _READ_FILE | _TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def restrict(*, read: Iterable[Path], write: Iterable[Path]) -> tuple[str, ...]:
    """Leave this process only *read* and *write*; return the protections that are now on.

    Files that are open already stay open. Programs can no longer be started at all. Nothing is on
    when the kernel has no Landlock. PR_SET_NO_NEW_PRIVS has to be set before.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _GET_VERSION)
    if version < 1:
        return ()
    handled = _handled(version)
    attributes = _Ruleset(handled, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    if ruleset < 0:
        return ()
    try:
        for path in read:
            _allow(libc, ruleset, path, _READ_FILE | _READ_DIR)
        for path in write:
            _allow(libc, ruleset, path, handled & ~1)
        if libc.syscall(_RESTRICT_SELF, ruleset, 0):
            return ()
    finally:
        os.close(ruleset)
    return (
        "files outside its own folder are refused by the kernel",
        *(("TCP is refused by the kernel",) if version >= 4 else ()),
        *(("signals to other processes are refused by the kernel",) if version >= 6 else ()),
    )


def _handled(version: int) -> int:
    return _FIRST_ABI | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # A folder that does not exist needs no right.
    try:
        allowed = rights if path.is_dir() else rights & _FILE_RIGHTS
        rule = _PathBeneath(allowed, handle)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(handle)
