"""The circuit breaker of a deployment, and the record of service deployments that ECS keeps."""

import math
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends

if TYPE_CHECKING:
    from deployment import Deployment
    from rollout import Rollout


def threshold(desired: int) -> int:
    """Source: ECS developer guide, "How the Amazon ECS deployment circuit breaker detects failures": half of the
    desired count, at least 3, at most 200."""
    return min(200, max(3, math.ceil(desired * 0.5)))


class Breaker:
    def __init__(self, rollout: "Rollout") -> None:
        self.rollout = rollout

    def _rule(self) -> dict[str, Any]:
        return self.rollout.service.deployment_configuration.get("deploymentCircuitBreaker") or {}

    def failed(self, deployment: "Deployment") -> bool:
        """Counts one more failure; True when the deployment has failed with it."""
        rule, rollout = self._rule(), self.rollout
        record = self._record(deployment)
        if record is not None:
            record["deploymentCircuitBreaker"]["failureCount"] = deployment.in_a_row
        if deployment.state != "IN_PROGRESS" or not rule.get("enable") or deployment.rolls_back:
            return False
        if deployment.in_a_row < threshold(rollout.desired):
            return False
        self.fail(deployment, "ECS deployment circuit breaker: tasks failed to start.", bool(rule.get("rollback")))
        return True

    def look_at_alarms(self, deployment: "Deployment") -> None:
        """Source: ECS developer guide, "How CloudWatch alarms detect Amazon ECS deployment failures": what was in
        ALARM when the deployment began is not looked at for the whole deployment."""
        rule = self.rollout.service.deployment_configuration.get("alarms") or {}
        if not rule.get("enable") or deployment.state != "IN_PROGRESS" or deployment.rolls_back:
            return
        if self.firing() - deployment.deaf_to:
            self.fail(deployment, "ECS deployment alarms: alarm detected.", bool(rule.get("rollback")))

    def firing(self) -> set[str]:
        shared = self.rollout.shared
        names = (self.rollout.service.deployment_configuration.get("alarms") or {}).get("alarmNames") or []
        alarms = cloudwatch_backends[shared.account][shared.region].alarms
        return {name for name in names if name in alarms and alarms[name].state_value == "ALARM"}

    def fail(self, deployment: "Deployment", why: str, rollback: bool) -> None:
        """Source: ECS API reference, Deployment.rolloutState and DeploymentCircuitBreaker.rollback: back to the last
        deployment that completed, by a new deployment of the same revision."""
        rollout = self.rollout
        deployment.state, deployment.reason = "FAILED", why
        rollout.event(f"(deployment {deployment.id}) deployment failed: {why.split(': ', 1)[-1]}")
        record = self._record(deployment)
        if record is not None:
            record["deploymentCircuitBreaker"]["status"] = "TRIGGERED"
            record["statusReason"] = why
        last = rollout.last_completed
        if not rollback or last is None or last is deployment:
            self._end(record, "STOPPED")
            return
        rollout.event(f"rolling back to deployment {last.id}.")
        back = rollout.begin(last.definition, pins=last.pins, rolls_back=last.id)
        if record is not None:
            record["status"] = "ROLLBACK_IN_PROGRESS"
            record["rollback"] = {
                "reason": f"Service deployment rolled back because {why}",
                "startedAt": rollout.shared.clock.date(),
                "serviceRevisionArn": self._revision(last),
            }
            record["_deployments"].append(back.id)

    # Service deployments ---------------------------------------------------------------------------------------------

    def _arn(self, kind: str, number: str) -> str:
        return self.rollout.service.arn.replace(":service/", f":{kind}/") + "/" + number.split("/")[-1]

    def _revision(self, deployment: "Deployment") -> str:
        return self._arn("service-revision", deployment.id)

    def _record(self, deployment: "Deployment") -> dict[str, Any] | None:
        return next((one for one in self.rollout.history if deployment.id in one["_deployments"]), None)

    def watch(self, deployment: "Deployment") -> None:
        """A newer deployment stops the record of one that is still under way."""
        rollout = self.rollout
        for one in rollout.history:
            if one["status"] in ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
                self._end(one, "STOPPED")
        now = rollout.shared.clock.date()
        enabled = bool(self._rule().get("enable"))
        rollout.history.insert(
            0,
            {
                "_deployments": [deployment.id],
                "serviceDeploymentArn": self._arn("service-deployment", deployment.id),
                "serviceArn": rollout.service.arn,
                "clusterArn": rollout.service.cluster_arn,
                "status": "IN_PROGRESS",
                "createdAt": now,
                "startedAt": now,
                "updatedAt": now,
                "targetServiceRevision": {"arn": self._revision(deployment)},
                "sourceServiceRevisions": [{"arn": self._revision(one)} for one in rollout.deployments[1:]],
                "deploymentConfiguration": rollout.service.deployment_configuration,
                "deploymentCircuitBreaker": {
                    "status": "MONITORING" if enabled else "DISABLED",
                    "failureCount": 0,
                    "threshold": threshold(rollout.desired),
                },
            },
        )

    def completed(self, deployment: "Deployment") -> None:
        record = self._record(deployment)
        if record is None:
            return
        if record["deploymentCircuitBreaker"]["status"] == "MONITORING":
            record["deploymentCircuitBreaker"]["status"] = "MONITORING_COMPLETE"
        self._end(record, "ROLLBACK_SUCCESSFUL" if deployment.rolls_back else "SUCCESSFUL")

    def _end(self, record: dict[str, Any] | None, status: str) -> None:
        if record is None:
            return
        now = self.rollout.shared.clock.date()
        record["status"], record["finishedAt"], record["updatedAt"] = status, now, now

    def revisions(self) -> list[dict[str, Any]]:
        """As DescribeServiceRevisions has them, for deployments that still have tasks or completed last."""
        rollout = self.rollout
        known = {one.id: one for one in [*rollout.deployments, rollout.last_completed] if one is not None}
        return [self._shown_revision(one) for one in known.values()]

    def _shown_revision(self, one: "Deployment") -> dict[str, Any]:
        service = self.rollout.service
        containers = [
            {"containerName": each["name"], "image": each["image"], "imageDigest": one.pins[each["image"]].digest}
            for each in one.definition.container_definitions
            if each["image"] in one.pins
        ]
        return {
            "serviceRevisionArn": self._revision(one),
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "taskDefinition": one.definition.arn,
            "launchType": service.launch_type,
            "containerImages": containers,
            "createdAt": self.rollout.shared.clock.date(one.created),
        }
