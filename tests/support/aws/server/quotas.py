"""The quotas of RDS, which moto does not tell. Source: RDS API reference, DescribeAccountAttributes and AccountQuota."""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from shared import Shared


def install(shared: Shared) -> None:
    def describe_account_attributes(self: RDSResponse) -> ActionResult:
        instances = list(self.backend.databases.values())
        manual = [one for one in self.backend.database_snapshots.values() if one.snapshot_type == "manual"]
        return ActionResult(
            {
                "AccountQuotas": [
                    quota("DBInstances", len(instances), shared.settings["instanceQuota"]),
                    quota("ManualSnapshots", len(manual), shared.settings["snapshotQuota"]),
                    quota("AllocatedStorage", sum(int(one.allocated_storage) for one in instances), 100_000),
                ]
            }
        )

    RDSResponse.describe_account_attributes = describe_account_attributes  # type: ignore[attr-defined]


def quota(name: str, used: int, most: int) -> dict[str, Any]:
    return {"AccountQuotaName": name, "Used": used, "Max": most}
