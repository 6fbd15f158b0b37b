"""The table of all settings: validation, the commented example and the docs are made from it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gcp_deploy.domain import names
from gcp_deploy.settings import checks

LOCAL = "local"
PLATFORMS = (LOCAL, names.AIPLATFORM, names.ML_ENGINE)
PROTOCOLS = (names.AIPLATFORM, names.ML_ENGINE)
RUNTIMES = ("serving-image", "prebuilt")
SETTINGS_FILE = "gcp-deploy.toml"


class Kind(StrEnum):
    """The type of a value, in the words of a message about it."""

    TEXT = "text"
    INTEGER = "a whole number"
    BOOLEAN = "true or false"
    WORDS = "a list of texts"
    TABLE = "a table of texts"


@dataclass(frozen=True, slots=True)
class Key:
    """One setting."""

    name: str
    doc: str
    example: Any
    kind: Kind = Kind.TEXT
    default: str = ""
    """The default in words for the docs; empty when there is none."""
    choices: tuple[str, ...] = ()
    check: Callable[[Any], Any] = checks.text
    """Applied to the value, or to each text of a list."""
    variables: tuple[str, ...] = ()
    """Our own variables that set it, before ``GCP_DEPLOY_NAME`` when there are any."""
    google: tuple[str, ...] = ()
    """Google's variables that set it when nothing of ours does, the strongest first."""
    flag: str = ""
    shown: str = "prod"
    """The table of the example in which it stands."""

    @property
    def own_variables(self) -> tuple[str, ...]:
        """The variables that win over the settings file, the strongest first."""
        return self.variables or (f"GCP_DEPLOY_{self.name.upper()}",)

    @property
    def flag_name(self) -> str:
        """The flag on the command line."""
        return self.flag or f"--{self.name.replace('_', '-')}"

    @property
    def type_name(self) -> str:
        """The type, or the choices, for the docs."""
        return " or ".join(f'"{one}"' for one in self.choices) or str(self.kind)


def _any(value: Any) -> Any:
    return value


TOP = (
    Key("model", "The model that commands are about.", "churn", check=checks.model),
    Key(
        "target",
        "The target when none is named: one of the [targets.NAME] below.",
        "prod",
        default="the only target there is, else the embedded platform",
        check=checks.target,
    ),
    Key(
        "output",
        "How results are shown.",
        "table",
        default='"table"',
        choices=("table", "json"),
    ),
    Key(
        "trusted_modules",
        "Python modules of your own that an artifact may use.",
        ["my_company.features"],
        Kind.WORDS,
        default="none",
        check=checks.module,
    ),
)

TARGET = (
    Key(
        "platform",
        "Where it deploys: the embedded platform of this machine, AI Platform as it is today, or "
        "the legacy service.",
        "aiplatform",
        default='"local"',
        choices=PLATFORMS,
    ),
    Key(
        "protocol",
        "Which of Google's protocols the embedded platform is spoken to with.",
        "aiplatform",
        default='"aiplatform"',
        choices=PROTOCOLS,
        shown="local",
    ),
    Key(
        "project",
        "The project.",
        "my-project",
        default='"local-project" on platform local',
        check=names.check_project,
        google=(
            "GOOGLE_CLOUD_PROJECT",
            "CLOUDSDK_CORE_PROJECT",
            "GCLOUD_PROJECT",
            "GCP_PROJECT",
            "CLOUDSDK_PROJECT",
        ),
    ),
    Key(
        "region",
        "The region.",
        "europe-west4",
        default='"us-central1" on platform local',
        check=names.check_region,
        google=("GOOGLE_CLOUD_LOCATION", "CLOUDSDK_AI_REGION"),
    ),
    Key(
        "bucket",
        "The bucket that keeps artifacts and the release log.",
        "my-project-models",
        default='"local-models" on platform local',
        check=names.check_bucket,
    ),
    Key(
        "prefix",
        "The folder of the bucket under which everything lies.",
        "gcp-deploy",
        default='"gcp-deploy", with ml-engine "gcp-deploy-ml-engine"',
        check=checks.prefix,
    ),
    Key(
        "machine_type",
        "The machine that serves a version.",
        "n1-standard-2",
        default='"n1-standard-2"',
        check=checks.machine_type,
    ),
    Key(
        "min_replicas",
        "How many machines serve a version at least.",
        1,
        Kind.INTEGER,
        default="1",
        check=checks.replicas,
    ),
    Key(
        "max_replicas",
        "How many machines serve a version at most.",
        3,
        Kind.INTEGER,
        default="as many as min_replicas",
        check=checks.replicas,
    ),
    Key(
        "dedicated",
        "Whether the endpoint has a host of its own: 10 MB instead of 1.5 MB a request.",
        example=True,
        kind=Kind.BOOLEAN,
        default="true",
        check=_any,
    ),
    Key(
        "runtime",
        "What serves: the image built for the very versions of the artifact, or one of Google's.",
        "serving-image",
        default='"serving-image"; "prebuilt" on ml-engine',
        choices=RUNTIMES,
    ),
    Key(
        "image",
        "The container image that serves, instead of the one derived from the artifact.",
        "europe-west4-docker.pkg.dev/my-project/serving/sklearn:1.7",
        check=checks.image,
    ),
    Key(
        "runtime_version",
        "The runtime version on ml-engine.",
        "2.11",
        check=checks.runtime_version,
        shown="legacy",
    ),
    Key(
        "python_version",
        "The Python version on ml-engine.",
        "3.7",
        check=checks.python_version,
        shown="legacy",
    ),
    Key(
        "service_account",
        "The service account as which a version runs.",
        "serving@my-project.iam.gserviceaccount.com",
        check=checks.account,
    ),
    Key(
        "impersonate_service_account",
        "The service account as which gcp-deploy acts.",
        "deployer@my-project.iam.gserviceaccount.com",
        check=checks.account,
        google=("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",),
    ),
    Key(
        "quota_project",
        "The project that quota is counted against.",
        "my-project",
        check=names.check_project,
        google=("GOOGLE_CLOUD_QUOTA_PROJECT",),
    ),
    Key(
        "labels",
        "Labels of every model, version and endpoint that is created.",
        {"team": "growth"},
        Kind.TABLE,
        default="none",
        check=_any,
    ),
    Key(
        "state_dir",
        "The directory of the embedded platform's state.",
        ".gcp-deploy",
        default='".gcp-deploy" beside the settings file, or in the current directory',
        flag="--state",
        shown="local",
    ),
)

ENDPOINTS = (
    Key(
        "storage",
        "The root URL of Cloud Storage.",
        "http://127.0.0.1:8080",
        default="Google's",
        check=checks.url,
        variables=(
            "GCP_DEPLOY_STORAGE_ENDPOINT",
            "STORAGE_EMULATOR_HOST",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE",
        ),
        shown="legacy.endpoints",
    ),
    Key(
        "aiplatform",
        "The root URL of the aiplatform API.",
        "http://127.0.0.1:8080",
        default="Google's, in the region",
        check=checks.url,
        variables=(
            "GCP_DEPLOY_AIPLATFORM_ENDPOINT",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM",
        ),
        shown="legacy.endpoints",
    ),
    Key(
        "ml",
        "The root URL of the legacy API.",
        "http://127.0.0.1:8080",
        default="Google's, which is switched off",
        check=checks.url,
        variables=("GCP_DEPLOY_ML_ENDPOINT", "CLOUDSDK_API_ENDPOINT_OVERRIDES_ML"),
        shown="legacy.endpoints",
    ),
)
