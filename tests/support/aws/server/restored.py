"""What a restore does not take over from its source. moto copies nearly everything."""

import random
from typing import Any

from moto.rds.models import DBInstance
from moto.rds.utils import valid_preferred_maintenance_window


def any_hour() -> str:
    hour = random.randint(0, 22)
    return f"{hour:02d}:10-{hour:02d}:40"


def any_night(instance: DBInstance) -> str:
    """A maintenance window that leaves the backup window alone; RDS refuses what overlaps."""
    while True:
        day, hour = random.choice(["mon", "tue", "thu", "fri"]), random.randint(0, 22)
        window = f"{day}:{hour:02d}:00-{day}:{hour:02d}:30"
        if not valid_preferred_maintenance_window(window, instance.preferred_backup_window):
            return window


def default_group(instance: DBInstance) -> list[str]:
    from moto.ec2 import ec2_backends

    ec2 = ec2_backends[instance.account_id][instance.region]
    return [ec2.get_default_security_group(ec2.default_vpc.id).id]


#: Parameter of the restore → (attribute of moto's instance, what it is without that parameter). Sources: RDS API
#: reference, RestoreDBInstanceFromDBSnapshot and RestoreDBInstanceToPointInTime; RDS user guide, "Restoring to a DB
#: instance". What is not named here is as in the source: class, port, storage, IOPS, option group, backup retention
#: ("Uses existing setting"), and the tags, which are the source's where the request names none (CopyTagsToSnapshot).
RESET: dict[str, tuple[str, Any]] = {
    "DBParameterGroupName": ("db_parameter_group_name", lambda _: None),
    "VpcSecurityGroupIds": ("vpc_security_group_ids", default_group),
    "DBSubnetGroupName": ("db_subnet_group", lambda _: None),
    "MultiAZ": ("multi_az", lambda _: False),
    "PubliclyAccessible": ("publicly_accessible", lambda _: False),
    "DeletionProtection": ("deletion_protection", lambda _: False),
    "EnableIAMDatabaseAuthentication": ("enable_iam_database_authentication", lambda _: False),
    "EnableCloudwatchLogsExports": ("enabled_cloudwatch_logs_exports", lambda _: []),
    "CopyTagsToSnapshot": ("copy_tags_to_snapshot", lambda _: False),
    "StorageType": ("storage_type", lambda one: "io1" if one.iops else "gp3"),
    "StorageThroughput": ("storage_throughput", lambda _: None),
    "PreferredBackupWindow": ("preferred_backup_window", lambda _: any_hour()),
    "CACertificateIdentifier": ("ca_certificate_identifier", lambda _: "rds-ca-rsa2048-g1"),
    "AutoMinorVersionUpgrade": ("auto_minor_version_upgrade", lambda _: True),
    "MaxAllocatedStorage": ("max_allocated_storage", lambda one: one.allocated_storage),
    # No parameter of a restore, like the maintenance window: only ModifyDBInstance sets these again.
    "MonitoringInterval": ("monitoring_interval", lambda _: 0),
    "MonitoringRoleArn": ("monitoring_role_arn", lambda _: None),
}

NO_PARAMETER = {"MonitoringInterval", "MonitoringRoleArn"}

#: Explicit values that moto drops because they are false or under another name.
EXPLICIT = {
    "MultiAZ",
    "PubliclyAccessible",
    "DeletionProtection",
    "EnableIAMDatabaseAuthentication",
    "CopyTagsToSnapshot",
    "AutoMinorVersionUpgrade",
    "EnableCloudwatchLogsExports",
    "BackupRetentionPeriod",
    "PreferredBackupWindow",
    "CACertificateIdentifier",
    "VpcSecurityGroupIds",
    "StorageThroughput",
    "MaxAllocatedStorage",
}


def settle(instance: DBInstance, request: dict[str, Any], lost: list[str]) -> None:
    """Makes a restored instance what RDS would have made of the request; `lost` are parameters that go astray."""
    given = {name: value for name, value in request.items() if name not in lost and name not in NO_PARAMETER}
    for parameter, (attribute, default) in RESET.items():
        if parameter not in given:
            setattr(instance, attribute, default(instance))
    for parameter in EXPLICIT & set(given):
        attribute = RESET[parameter][0] if parameter in RESET else "backup_retention_period"
        setattr(instance, attribute, given[parameter])
    if request.get("Tags") and "Tags" in lost:
        instance.tags = []
    instance.preferred_maintenance_window = any_night(instance)
    instance.pending_modified_values = {}
    # A managed password stays with the source; the restored instance has the password that the data holds.
    instance.manage_master_user_password = False
    if hasattr(instance, "master_user_secret"):
        del instance.master_user_secret
