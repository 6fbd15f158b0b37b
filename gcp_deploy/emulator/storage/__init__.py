"""Cloud Storage, JSON API v1: buckets and objects.

What it does not imitate: access control lists and IAM (requests that set them are accepted, and
change nothing), object holds and retention, soft delete (what is deleted is gone, unless the bucket
has versioning), lifecycle rules, notifications, customer-managed and customer-supplied keys,
storage classes (kept as words), requester pays, gzip transcoding, signed URLs, Pub/Sub, the batch
endpoint, the XML API, folders of hierarchical namespaces, and the once-a-second limit on writes to
one name.
``fields``, ``projection``, ``prettyPrint`` and ``userProject`` are accepted and change nothing.
"""

from collections.abc import Mapping

from gcp_deploy.emulator.operations import Work
from gcp_deploy.emulator.problems import storage_envelope
from gcp_deploy.emulator.routing import Routes
from gcp_deploy.emulator.storage import buckets, copying, media, objects, resumable, uploads

ROUTES = Routes(storage_envelope)
for _part in (buckets, objects, media, uploads, resumable, copying):
    ROUTES.include(_part.ROUTES)

WORKS: Mapping[str, Work] = {}
"""Cloud Storage has no long-running operations here."""
