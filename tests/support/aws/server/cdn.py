"""CloudFront invalidations: moto makes a new one for every call, and it is done at once."""

from typing import Any

from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.models import CloudFrontBackend

from shared import Shared

moto_create_invalidation = CloudFrontBackend.create_invalidation


def install(shared: Shared) -> None:
    def create_invalidation(self: CloudFrontBackend, dist_id: str, paths: list[str], caller_ref: str) -> Any:
        """Source: CloudFront API reference, InvalidationBatch.CallerReference: the same reference with the same paths
        is the earlier invalidation, with other paths an InvalidationBatchAlreadyExists error."""
        for one in self.invalidations.get(dist_id) or []:
            if one.caller_ref == caller_ref:
                if sorted(one.paths) == sorted(paths):
                    return one
                raise CloudFrontException(
                    "InvalidationBatchAlreadyExists",
                    "Your request contains a caller reference that was used before with other paths.",
                )
        made = moto_create_invalidation(self, dist_id, paths, caller_ref)
        made.status = "InProgress"
        made.create_time = shared.clock.date()
        shared.after("invalidationMs", lambda: setattr(made, "status", "Completed"))
        return made

    CloudFrontBackend.create_invalidation = create_invalidation
