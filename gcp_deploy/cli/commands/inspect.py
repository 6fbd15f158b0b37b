"""``gcp-deploy inspect``."""

from gcp_deploy.cli.arguments import Artifact
from gcp_deploy.cli.command import command
from gcp_deploy.cli.options import Shared


@command(
    "inspect",
    examples="""
    gcp-deploy inspect model.joblib
    gcp-deploy inspect model.joblib --output json
    """,
)
def inspect(shared: Shared, artifact: Artifact) -> None:
    """Tell what is inside a joblib file: versions, estimators, inputs, and whether it is safe.

    The file is read, never loaded: nothing in it is run. Exit codes: 0 safe, 4 it needs a module
    that you have to trust first, 12 unsafe or unreadable.
    """
    from gcp_deploy.artifact import inspect_artifact
    from gcp_deploy.cli import xray
    from gcp_deploy.cli.failures import naming
    from gcp_deploy.cli.render import write
    from gcp_deploy.cli.session import load_settings

    settings = load_settings(shared, require=())
    with naming(artifact):
        report = inspect_artifact(artifact, trusted_modules=settings.trusted_modules)
        write(settings.output, report.as_json(), xray.lines(report))
        report.require_safe()
