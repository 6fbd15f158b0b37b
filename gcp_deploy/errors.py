"""Every error gcp-deploy raises on purpose, and the exit code each one ends a command with.

    GcpDeployError
    ├── UsageError                  2   knowable from what was typed or configured
    │   ├── BadName  BadSettings  MissingExtra  BadInstances  NotFound
    ├── ArtifactError              12   the joblib file itself
    │   ├── ArtifactUnreadable  ArtifactUnsafe  ModelFailed
    │   └── ArtifactNeedsTrust      4   a project's own module, to be allowed by the deployer
    ├── ApprovalNeeded              4   somebody has to decide, with --because
    ├── CredentialsError            5   Unauthenticated  PermissionDenied
    ├── Conflict                    6   somebody else was faster, or holds the lease
    ├── RollbackImpossible          7
    ├── DeployFailed                8   traffic is what it was before
    ├── RuntimeSunset              13   the prebuilt image is gone
    ├── TemporaryError             75   no answer, or a service asks to come back later
    └── StillRunning              124   the deadline passed; the operation goes on, resumable

Only ``cli`` turns an error into an exit code. A message says which thing, what happened, with the
value; a hint says what to type next.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command. They are an interface: scripts branch on them."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    GATE_FAILED = 3
    APPROVAL_NEEDED = 4
    CREDENTIALS = 5
    CONFLICT = 6
    ROLLBACK_IMPOSSIBLE = 7
    DEPLOY_FAILED = 8
    ALERT = 9
    CHANGES = 10
    UNSAFE_ARTIFACT = 12
    SUNSET = 13
    TEMPORARY = 75
    STILL_RUNNING = 124
    INTERRUPTED = 130
    TERMINATED = 143


class GcpDeployError(Exception):
    """The root of all expected errors.

    *message* names the thing, what happened and the value; *hint* is the next thing to type.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GcpDeployError):
    """What was typed or configured cannot be done; known without changing anything."""

    exit_code = ExitCode.USAGE


class BadName(UsageError):
    """A model, version, bucket, project, region or label name breaks the platform's rules."""


class BadSettings(UsageError):
    """The settings have faults; the message lists all of them."""


class MissingExtra(UsageError):
    """An optional dependency is not installed; the hint says which line installs it."""


class BadInstances(UsageError):
    """The rows to predict are not what the model takes; names the row and the column."""


class NotFound(UsageError):
    """The thing that was named does not exist on the platform."""


class ArtifactError(GcpDeployError):
    """The artifact cannot be deployed."""

    exit_code = ExitCode.UNSAFE_ARTIFACT


class ArtifactUnreadable(ArtifactError):
    """Not a joblib file, truncated, empty, or longer than it should be."""


class ArtifactUnsafe(ArtifactError):
    """Loading the file would run something that is not on the allow-list."""


class ModelFailed(ArtifactError):
    """The artifact was loaded in its limited child process and did not work there."""


class ArtifactNeedsTrust(ArtifactError):
    """The file needs a module that the deployer has to allow first."""

    exit_code = ExitCode.APPROVAL_NEEDED


class ApprovalNeeded(GcpDeployError):
    """The answer is not known or not permitted without a recorded reason."""

    exit_code = ExitCode.APPROVAL_NEEDED


class CredentialsError(GcpDeployError):
    """Who we are is unknown, or may not do this."""

    exit_code = ExitCode.CREDENTIALS


class Unauthenticated(CredentialsError):
    """No credentials, or expired ones."""


class PermissionDenied(CredentialsError):
    """The identity lacks a permission; the message names it and the hint the role."""


class Conflict(GcpDeployError):
    """A lease, a stale plan, a newer release, or other content under the same name."""

    exit_code = ExitCode.CONFLICT


class RollbackImpossible(GcpDeployError):
    """There is no earlier default to go back to; nothing was touched."""

    exit_code = ExitCode.ROLLBACK_IMPOSSIBLE


class DeployFailed(GcpDeployError):
    """The candidate did not come to serve as wanted; traffic is what it was before."""

    exit_code = ExitCode.DEPLOY_FAILED


class RuntimeSunset(GcpDeployError):
    """The prebuilt image asked for is past its end of availability."""

    exit_code = ExitCode.SUNSET


class TemporaryError(GcpDeployError):
    """No answer, or the service is overloaded: the same command may work later.

    *retry_after* is the number of seconds the service asked to wait, when it did. *answered* is
    false when no answer came at all, so that whether a write took effect is unknown.
    """

    exit_code = ExitCode.TEMPORARY

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retry_after: float | None = None,
        answered: bool = True,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.answered = answered


class StillRunning(GcpDeployError):
    """The deadline passed while an operation was still running; *operation* is its name."""

    exit_code = ExitCode.STILL_RUNNING

    def __init__(self, message: str, *, hint: str = "", operation: str = "") -> None:
        super().__init__(message, hint=hint)
        self.operation = operation
