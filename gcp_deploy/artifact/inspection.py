"""Reading one artifact from front to back, once, and writing the report."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from gcp_deploy.artifact import facts
from gcp_deploy.artifact.allowlist import check_trusted
from gcp_deploy.artifact.container import Tap, detect, open_file, unpack
from gcp_deploy.artifact.inputs import inputs
from gcp_deploy.artifact.judge import Judge, Verdict
from gcp_deploy.artifact.limits import DEFAULT_LIMITS, Limits
from gcp_deploy.artifact.machine import Lost, Machine
from gcp_deploy.artifact.report import Report
from gcp_deploy.artifact.stream import Stream
from gcp_deploy.artifact.values import Unknown, Value
from gcp_deploy.domain.names import Digest
from gcp_deploy.errors import ArtifactUnreadable

_NUMPY_CORES = {"numpy.core": 1, "numpy._core": 2}


def inspect_artifact(
    source: Path | str | BinaryIO,
    *,
    trusted_modules: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """Read a joblib file without unpickling it and tell what it is, needs and would do.

    Nothing of the file is imported or called. Memory does not grow with the arrays in it, which
    are skipped. An open file is read from its position to its end and left open.

    *trusted_modules* are packages of the deployer's own, from the settings, never from the file.

    Raises:
        UsageError: The path is missing, a directory or no regular file, or a module cannot be
            trusted as a whole.
        MissingExtra: The file is compressed with lz4 and lz4 is not installed.
        ArtifactUnreadable: Empty, truncated, damaged, no joblib file, longer than it should be, or
            beyond the limits. A file that is unsafe before that point is reported as unsafe.
    """
    check_trusted(trusted_modules)
    file = open_file(Path(source)) if isinstance(source, Path | str) else nullcontext(source)
    with file as opened:
        return _inspect(opened, Judge(trusted_modules), limits)


def _inspect(file: BinaryIO, judge: Judge, limits: Limits) -> Report:
    tap = Tap(file)
    codec = detect(tap)
    stream = Stream(unpack(tap, codec, limits))
    machine = Machine(stream, judge, limits)
    root: Value = Unknown("not read to the end")
    try:
        root = machine.run()
        if not stream.at_end():
            raise _trailing(stream)
    except Lost:
        tap.drain()
    except ArtifactUnreadable as error:
        # The loader would have run what came before.
        if judge.verdict is not Verdict.UNSAFE:
            raise
        judge.refuse("", f"and cannot be read on: {error.message}", root)
        tap.drain()
    return _report(
        tap,
        judge,
        root,
        codec=codec,
        protocol=machine.protocol,
        unpacked_size=stream.position,
    )


def _trailing(stream: Stream) -> ArtifactUnreadable:
    return ArtifactUnreadable(
        f"there are bytes behind the end of the model, after {stream.position} unpacked bytes",
        hint="joblib.dump writes one object and nothing behind it: save the model again",
    )


def _report(
    tap: Tap, judge: Judge, root: Value, *, codec: str, protocol: int, unpacked_size: int
) -> Report:
    modules = tuple(sorted(judge.modules))
    rows = inputs(root)
    return Report(
        digest=Digest(tap.sha256),
        size=tap.size,
        crc32c=tap.crc32c,
        codec=codec,
        protocol=protocol,
        unpacked_size=unpacked_size,
        verdict=judge.verdict,
        findings=judge.findings(root),
        sklearn_versions=tuple(sorted(judge.sklearn_versions)),
        numpy_major=_numpy_major(modules),
        python="3.13" if "pathlib._local" in modules else "",
        modules=modules,
        root=facts.tree(root),
        task=facts.task(root),
        methods=facts.methods(root),
        n_features=rows.n_features,
        feature_names=rows.feature_names,
        columns=rows.columns,
        needs_column_names=rows.needs_column_names,
        classes=facts.classes(root),
    )


def _numpy_major(modules: Sequence[str]) -> int | None:
    found = {
        major
        for module in modules
        for core, major in _NUMPY_CORES.items()
        if module == core or module.startswith(f"{core}.")
    }
    return found.pop() if len(found) == 1 else None
