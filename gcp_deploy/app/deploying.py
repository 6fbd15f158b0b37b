"""Plan and deploy: from an inspected artifact to a verified candidate, or the default."""

from dataclasses import replace

from gcp_deploy.app.applying import Applier, LeftRunning
from gcp_deploy.app.context import Context
from gcp_deploy.app.material import DeployRequest, Material, dry_run, version_spec
from gcp_deploy.app.observing import observe
from gcp_deploy.app.outcomes import Deployed, Plan, Result
from gcp_deploy.app.releaselog import ReleaseLog, hold, release_leftover
from gcp_deploy.app.verifying import load_golden
from gcp_deploy.app.waiting import Deadline, until_done
from gcp_deploy.domain import reasons
from gcp_deploy.domain.ledger import Ledger
from gcp_deploy.domain.planning import plan_deploy
from gcp_deploy.domain.release import Observed
from gcp_deploy.domain.steps import (
    AwaitVersion,
    DeployVersion,
    MakeDefault,
    RegisterVersion,
    Step,
    describe,
    verb,
)
from gcp_deploy.errors import Conflict, DeployFailed, NotFound

__all__ = ["DeployRequest", "deploy", "plan"]


def plan(context: Context, request: DeployRequest) -> Plan:
    """Return what :func:`deploy` would do now. Changes nothing."""
    request.report.require_safe()
    log = ReleaseLog(context, request.model)
    ledger = log.load()
    material, observed, steps = _plan(context, request, ledger)
    spec = material.desired(context).spec
    known = observed.by_identity(spec.identity)
    return Plan(
        model=request.model,
        version=known.version if known else "",
        digest=request.report.digest,
        identity=spec.identity,
        runtime=str(request.recipe.runtime),
        steps=steps,
        warnings=request.warnings,
    )


def deploy(context: Context, request: DeployRequest) -> Deployed:
    """Bring the artifact to a verified version at 0 %, or to the default.

    The first version of a model becomes the default. The same bytes by the same recipe are
    ``unchanged``, without a write.

    Raises:
        ArtifactError: the artifact is unsafe, does not load or does not answer.
        Conflict: another run holds the lease, or a newer commit serves.
        DeployFailed: an operation ended in an error, or the version answers otherwise.
        StillRunning: the timeout passed; run it again to go on.
    """
    request.report.require_safe()
    reasons.check(request.because)
    for warning in request.warnings:
        context.reporter.warn(warning)
    deadline = Deadline.after(context, request.timeout)
    log = ReleaseLog(context, request.model)
    ledger = log.load()
    material, observed, steps = _plan(context, request, ledger)
    if not steps:
        release_leftover(context, log)
        return _deployed(context, material, observed, log.ledger, ())
    command = f"deploy {request.report.digest.hex[:12]}" + (" --promote" * request.promote)
    with hold(context, log, command, [f"{verb(step)} {describe(step)}" for step in steps]) as run:
        if ledger.unfinished:
            _settle(context, request.model, ledger.operation, deadline)
        material, observed, steps = _plan(context, request, log.ledger, material)
        _refuse_older_commit(context, material, log.ledger, steps)
        known = observed.by_identity(version_spec(context, request, "").identity)
        applier = Applier(
            context=context,
            run=run,
            model=request.model,
            recipe=request.recipe,
            deadline=deadline,
            material=material,
            version=known.version if known else "",
            because=request.because,
            git_sha=material.revision,
            wait=request.wait,
        )
        try:
            applier.apply(steps)
        except LeftRunning as left:
            observed = observe(context, request.model)
            done = _deployed(context, material, observed, log.ledger, steps)
            return replace(done, version=applier.version, operation=left.operation)
        observed = observe(context, request.model)
    return _deployed(context, material, observed, log.ledger, steps)


def _plan(
    context: Context, request: DeployRequest, ledger: Ledger, known: Material | None = None
) -> tuple[Material, Observed, tuple[Step, ...]]:
    """Gather and plan; *known* spares a second dry run."""
    layout = context.layout(request.model)
    artifact = layout.artifact(request.report.digest)
    if known is None:
        observed = observe(context, request.model, artifact_name=artifact)
        known = _material(context, request, observed, ledger)
        stored = context.store.stat(known.golden_name) is not None
        observed = replace(observed, golden_stored=stored)
    else:
        observed = observe(
            context, request.model, artifact_name=artifact, golden_name=known.golden_name
        )
    desired = known.desired(context)
    steps = plan_deploy(desired, observed, ledger, context.registry.capabilities)
    return known, observed, steps


def _material(
    context: Context, request: DeployRequest, observed: Observed, ledger: Ledger
) -> Material:
    """Find the golden rows: those the version was verified with, else those of a dry run."""
    layout = context.layout(request.model)
    revision = context.revisions.head()
    version = observed.by_identity(version_spec(context, request, revision).identity)
    if version and request.golden is None and ledger.is_verified(version.version):
        try:
            golden = load_golden(context, ledger.golden.get(version.version, ""))
        except NotFound:
            golden = None
        if golden:
            return Material(request, layout, golden, dry_run=False, revision=revision)
    return Material(request, layout, dry_run(context, request), dry_run=True, revision=revision)


def _settle(context: Context, model: str, recorded: str, deadline: Deadline) -> None:
    """Wait for what an interrupted run left running; how it ended, the new plan will show.

    A run that was killed between starting an operation and recording it left one that only the
    platform knows of.
    """
    for operation in dict.fromkeys(
        (*filter(None, (recorded,)), *context.operations.running(model))
    ):
        context.reporter.note(f"an interrupted run left {operation}; waiting for it")
        try:
            until_done(context, operation, deadline, "waiting for the interrupted run")
        except (NotFound, DeployFailed) as error:
            context.reporter.note(f"it ended without its work: {error.message}")


def _refuse_older_commit(
    context: Context, material: Material, ledger: Ledger, steps: tuple[Step, ...]
) -> None:
    """An older commit must not silently replace the default of a newer one."""
    serving = ledger.decisions[-1].git_sha if ledger.decisions else ""
    moves = any(isinstance(step, MakeDefault) for step in steps)
    if not (moves and serving and material.revision) or material.request.because:
        return
    if serving == material.revision:
        return
    if context.revisions.is_ancestor(material.revision, serving):
        raise Conflict(
            f"{ledger.default} was made from commit {serving[:12]}, which is newer than "
            f"{material.revision[:12]}",
            hint='deploy the newer commit, or give a recorded reason with --because "…"',
        )


def _makes_it(step: Step) -> bool:
    """Whether a step is part of making a version, rather than of asking or moving one."""
    return isinstance(step, RegisterVersion | AwaitVersion | DeployVersion)


def _deployed(
    context: Context,
    material: Material,
    observed: Observed,
    ledger: Ledger,
    steps: tuple[Step, ...],
) -> Deployed:
    identity = version_spec(context, material.request, "").identity
    version = observed.by_identity(identity)
    name = version.version if version else ""
    return Deployed(
        model=material.request.model,
        version=name,
        digest=material.request.report.digest,
        result=Result.CREATED if any(map(_makes_it, steps)) else Result.UNCHANGED,
        default=bool(name) and observed.default == name == ledger.default,
        endpoint=observed.endpoint.name if observed.endpoint else "",
        steps=steps,
    )
