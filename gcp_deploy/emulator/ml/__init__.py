"""``ml`` v1 of the embedded platform: legacy AI Platform Prediction, models with versions.

Written from the API documents. What it does not imitate: training jobs, studies, explanations,
custom prediction routines (``predictionClass``), TensorFlow and XGBoost, regional hosts (models of
all regions are in one list), request logging, ``lastUseTime``, and the minutes a version takes.
A version with a ``container`` is served by our own serving program, whatever its image.
"""

from collections.abc import Mapping

from gcp_deploy.emulator.ml import model_methods, operation_methods, predicting, version_methods
from gcp_deploy.emulator.ml.works import WORKS as _WORKS
from gcp_deploy.emulator.operations import Work
from gcp_deploy.emulator.problems import rpc_envelope
from gcp_deploy.emulator.routing import Routes

ROUTES = Routes(rpc_envelope)
"""The methods of the API."""

for _package in (model_methods, version_methods, predicting, operation_methods):
    ROUTES.include(_package.ROUTES)

WORKS: Mapping[str, Work] = _WORKS
"""What its operations do."""
