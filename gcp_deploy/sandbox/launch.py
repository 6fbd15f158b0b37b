"""Starting the child: a clean Python, an empty environment, one wire, one open file."""

import os
import site
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import gcp_deploy

# The modules of the child come from where those of this process come from. Isolated mode (-I)
# listens to no variable and no current folder, so the folders are handed over.
_BOOT = (
    "import sys; sys.path.extend(sys.argv[2:]); "
    "from gcp_deploy.serving.worker import main; main(int(sys.argv[1]))"
)
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
_INHERITED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ")


@dataclass(frozen=True, slots=True)
class Child:
    """A started child process and what belongs to it."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    scratch: tempfile.TemporaryDirectory[str]
    output: IO[bytes]
    """What the model writes to its standard output and error."""


def launch(artifact: int, *, import_path: Sequence[Path]) -> Child:
    """Start a child that has inherited the open file *artifact* and one end of a new wire."""
    ours, theirs = socket.socketpair()
    scratch = tempfile.TemporaryDirectory(prefix="gcp-deploy-model-", ignore_cleanup_errors=True)
    output = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the child
    try:
        process = _from_lasting_thread(
            lambda: _start(theirs.fileno(), artifact, Path(scratch.name), output, import_path)
        )
    except BaseException:
        ours.close()
        output.close()
        scratch.cleanup()
        raise
    finally:
        theirs.close()
    return Child(process, ours, scratch, output)


def _start(
    wire: int, artifact: int, scratch: Path, output: BinaryIO, import_path: Sequence[Path]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 -- our own interpreter and module
        [sys.executable, "-I", "-B", "-c", _BOOT, str(wire), *_folders(import_path)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=scratch,
        env=_environment(scratch),
        pass_fds=(wire, artifact),
        start_new_session=True,
    )


def _folders(import_path: Sequence[Path]) -> list[str]:
    root = Path(gcp_deploy.__file__).resolve().parent.parent
    user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [str(root), *user, *(str(path.resolve()) for path in import_path)]


def _environment(scratch: Path) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}  # noqa: TID251 -- what the loader of shared libraries needs, and nothing else
    return {
        **inherited,
        **_ONE_THREAD,
        # joblib would try semaphores and processes, which the child may not have.
        "JOBLIB_MULTIPROCESSING": "0",
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
        "PATH": "",
        "TMPDIR": str(scratch),
    }


def _from_lasting_thread(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Start the child from a thread that lives as long as this process.

    PR_SET_PDEATHSIG means the death of the *thread* that started the child, and a server that
    answers each connection in a thread of its own would kill its models with the connection.
    """
    started: Future[subprocess.Popen[bytes]] = _starter.submit(start)
    return started.result()


_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gcp-deploy-model-starter")
