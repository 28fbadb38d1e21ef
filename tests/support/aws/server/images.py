"""ECR: an image is a manifest whose annotation holds the program that its tasks run."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass

from moto.ecr.models import ECRBackend, Image, ecr_backends

ANNOTATION = "savepoint.program"
REFERENCE = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)

moto_put_image = ECRBackend.put_image


def put_image(self: ECRBackend, repository_name, image_manifest, image_tag, image_manifest_mediatype=None, digest=None):
    """moto deletes the image that had the tag before and makes up digests. In ECR the old image stays, untagged, and a
    digest is the SHA-256 of the manifest. Source: ECR user guide, "Image tag mutability" and "Pulling an image"."""
    digest = "sha256:" + hashlib.sha256(image_manifest.encode()).hexdigest()
    repository = self.repositories.get(repository_name)
    if repository is not None and image_tag is not None:
        # Raises where tags of this repository never move.
        self._resolve_image_tag_mutability(repository, image_tag)
        for image in repository.images:
            if image_tag in image.image_tags and image.image_manifest != image_manifest:
                image.image_tags.remove(image_tag)
                image.image_tag = image.image_tags[-1] if image.image_tags else None
    return moto_put_image(self, repository_name, image_manifest, image_tag, image_manifest_mediatype, digest)


class CannotPull(Exception):
    """The text that a stopped task shows."""


@dataclass
class Pulled:
    digest: str
    #: Source text of a JavaScript module; None for images from elsewhere, which run nothing.
    program: str | None


def is_from_ecr(reference: str) -> bool:
    return REFERENCE.match(reference) is not None


def find(reference: str) -> Image | None:
    match = REFERENCE.match(reference)
    if match is None:
        return None
    repository = ecr_backends[match["account"]][match["region"]].repositories.get(match["repository"])
    for image in repository.images if repository is not None else []:
        if match["digest"] is not None and image.get_image_digest() == match["digest"]:
            return image
        if match["digest"] is None and (match["tag"] or "latest") in image.image_tags:
            return image
    return None


def pull(reference: str) -> Pulled:
    """Resolves a reference now. Raises CannotPull with the text of ECS."""
    if not is_from_ecr(reference):
        return Pulled("sha256:" + hashlib.sha256(reference.encode()).hexdigest(), None)
    image = find(reference)
    if image is None:
        raise CannotPull(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
            f"failed to resolve ref {reference}: {reference}: not found"
        )
    encoded = (json.loads(image.image_manifest).get("annotations") or {}).get(ANNOTATION)
    if encoded is None:
        raise CannotPull(f"CannotPullContainerError: {reference} holds no program of the test world ({ANNOTATION})")
    return Pulled(image.get_image_digest(), base64.b64decode(encoded).decode())


def install() -> None:
    ECRBackend.put_image = put_image
