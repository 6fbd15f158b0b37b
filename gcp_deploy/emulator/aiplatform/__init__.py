"""``aiplatform`` v1 of the embedded platform: models with versions, endpoints, predictions.

Written from the API documents. What it does not imitate, beyond what the platform as a whole does
not: model evaluations and monitoring, batch prediction, copy and export, explanations, streaming,
private endpoints, autoscaling (replica counts are kept and shown, one process serves), and any
prebuilt image but those of scikit-learn. Dedicated hosts: see :mod:`.hosts`.
"""

from collections.abc import Mapping

from gcp_deploy.emulator.aiplatform import (
    deploying,
    deployment,
    endpoints,
    long_running,
    models,
    operation_methods,
    predicting,
    uploading,
)
from gcp_deploy.emulator.operations import Work
from gcp_deploy.emulator.problems import rpc_envelope
from gcp_deploy.emulator.routing import Routes

ROUTES = Routes(rpc_envelope)
"""The methods of the API."""

for _package in (uploading, models, endpoints, deploying, predicting, operation_methods):
    ROUTES.include(_package.ROUTES)

WORKS: Mapping[str, Work] = {"answer": long_running.answer, "deploy": deployment.deploy}
"""What its operations do."""
