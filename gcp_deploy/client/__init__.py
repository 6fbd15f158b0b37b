"""The prediction client: what applications import. It brings urllib3 and orjson, nothing else.

>>> from gcp_deploy.client import PredictionClient
>>> with PredictionClient("churn") as client:  # doctest: +SKIP
...     client.predict([{"age": 41, "plan": "basic"}]).predictions
[0.87]
"""

from gcp_deploy.client.client import PredictionClient
from gcp_deploy.client.instances import instances_from_text
from gcp_deploy.client.prediction import Part, Prediction
from gcp_deploy.client.retrying import Retries
from gcp_deploy.client.timing import Timing
from gcp_deploy.client.transport import Reply, RequestsTransport, Transport, Urllib3Transport
from gcp_deploy.errors import (
    BadInstances,
    Conflict,
    GcpDeployError,
    ModelFailed,
    NotFound,
    PermissionDenied,
    TemporaryError,
    Unauthenticated,
    UsageError,
)

__all__ = [
    "BadInstances",
    "Conflict",
    "GcpDeployError",
    "ModelFailed",
    "NotFound",
    "Part",
    "PermissionDenied",
    "Prediction",
    "PredictionClient",
    "Reply",
    "RequestsTransport",
    "Retries",
    "TemporaryError",
    "Timing",
    "Transport",
    "Unauthenticated",
    "Urllib3Transport",
    "UsageError",
    "instances_from_text",
]
