"""Which predefined role holds a permission, for the hint of a refusal.

Source: Google Cloud, "IAM roles and permissions index". The narrowest predefined role is named.
"""

_ROLES = {
    "aiplatform.models.get": "roles/aiplatform.viewer",
    "aiplatform.models.list": "roles/aiplatform.viewer",
    "aiplatform.endpoints.get": "roles/aiplatform.viewer",
    "aiplatform.endpoints.list": "roles/aiplatform.viewer",
    "aiplatform.operations.list": "roles/aiplatform.viewer",
    "ml.models.get": "roles/ml.viewer",
    "ml.models.list": "roles/ml.viewer",
    "ml.versions.get": "roles/ml.viewer",
    "ml.versions.list": "roles/ml.viewer",
    "ml.operations.get": "roles/ml.viewer",
    "storage.objects.create": "roles/storage.objectUser",
    "storage.objects.get": "roles/storage.objectViewer",
    "storage.objects.list": "roles/storage.objectViewer",
    "storage.buckets.get": "roles/storage.bucketViewer",
    "storage.buckets.create": "roles/storage.admin",
    "iam.serviceAccounts.actAs": "roles/iam.serviceAccountUser",
    "iam.serviceAccounts.getAccessToken": "roles/iam.serviceAccountTokenCreator",
    "serviceusage.services.use": "roles/serviceusage.serviceUsageConsumer",
    "serviceusage.services.enable": "roles/serviceusage.serviceUsageAdmin",
    "artifactregistry.repositories.downloadArtifacts": "roles/artifactregistry.reader",
}
_BY_SERVICE = {
    "aiplatform": "roles/aiplatform.user",
    "ml": "roles/ml.developer",
    "storage": "roles/storage.objectUser",
}


def role_for(permission: str) -> str:
    """Return the role to grant for *permission*, or ``""`` when we know none.

    >>> role_for("aiplatform.models.upload")
    'roles/aiplatform.user'
    """
    return _ROLES.get(permission) or _BY_SERVICE.get(permission.split(".", 1)[0], "")
