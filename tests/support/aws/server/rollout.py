"""The scheduler of one ECS service: starts and stops tasks, and moves deployments to their end."""

import math
from typing import Any

from moto.moto_api._internal import mock_random

from breaker import Breaker
from deployment import Deployment, named, pending, running
from shared import Shared
from task import Task


class Rollout:
    """`service` is moto's own object, which keeps what the API shows."""

    def __init__(self, shared: Shared, service: Any, definition: Any, launch: Any) -> None:
        self.shared = shared
        self.service = service
        #: launch(deployment, rollout) → Task, registered where DescribeTasks finds it.
        self._launch = launch
        self.deployments: list[Deployment] = []
        self.last_completed: Deployment | None = None
        self.breaker = Breaker(self)
        #: As ListServiceDeployments has them, newest first.
        self.history: list[dict[str, Any]] = []
        self._steady = False
        self.begin(definition)

    # What may change from outside ------------------------------------------------------------------------------------

    def begin(
        self, definition: Any, *, pins: dict[str, Any] | None = None, rolls_back: str | None = None
    ) -> Deployment:
        deployment = Deployment(definition, dict(pins or {}), self.shared.clock.now(), rolls_back=rolls_back)
        deployment.reason = f"ECS deployment {deployment.id} in progress."
        if rolls_back is not None:
            deployment.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {rolls_back}."
        deployment.deaf_to = self.breaker.firing()
        if self.deployments:
            self.deployments[0].status = "ACTIVE"
        self.deployments.insert(0, deployment)
        self.service.task_definition = definition.arn
        self._steady = False
        if rolls_back is None:
            self.breaker.watch(deployment)
        return deployment

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def desired(self) -> int:
        return self.service.desired_count if self.service.status == "ACTIVE" else 0

    def event(self, text: str) -> None:
        self.service.events.insert(
            0,
            {
                "id": str(mock_random.uuid4()),
                "createdAt": self.shared.clock.date(),
                "message": f"(service {self.service.name}) {text}",
            },
        )
        del self.service.events[100:]

    # One look --------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        self.breaker.look_at_alarms(self.primary)
        self._scale_in()
        self._replace_old()
        self._start_missing()
        # Finished deployments leave the list once their tasks are gone.
        self.deployments = [one for one in self.deployments if one is self.primary or one.tasks]
        self._settle()
        self.show()

    def _stop(self, deployment: Deployment, tasks: list[Task]) -> None:
        if not tasks:
            return
        if any(task.status == "RUNNING" for task in tasks):
            self.event(f"has begun draining connections on {len(tasks)} tasks.")
        for task in tasks:
            task.stop(
                f"Scaling activity initiated by (deployment {deployment.id})", "ServiceSchedulerInitiated", drain=True
            )
        self.event(f"has stopped {len(tasks)} running tasks: {named(tasks)}.")

    def _scale_in(self) -> None:
        mine = sorted(self.primary.staying(), key=lambda task: task.ready)
        self._stop(self.primary, mine[: max(0, len(mine) - self.desired)])
        if self.primary.state == "FAILED":
            self._stop(self.primary, [task for task in mine if not task.ready])

    def _limits(self) -> tuple[int, int]:
        configuration = self.service.deployment_configuration
        minimum = math.ceil(self.desired * configuration["minimumHealthyPercent"] / 100)
        return minimum, math.floor(self.desired * configuration["maximumPercent"] / 100)

    def _replace_old(self) -> None:
        """Source: ECS API reference, DeploymentConfiguration: never fewer healthy tasks than the minimum, never more
        tasks than the maximum."""
        minimum, maximum = self._limits()
        old = [(one, task) for one in self.deployments[1:] for task in one.staying()]
        if not old:
            return
        mine = self.primary.staying()
        ready = [task for task in mine if task.ready]
        healthy = len(ready) + sum(task.ready for _, task in old)
        goal = max(0, self.desired - len(ready))
        if len(mine) < self.desired and len(mine) + len(old) >= maximum and self.primary.state != "FAILED":
            goal = min(goal, len(old) - 1)
        surplus = len(old) - goal
        for deployment, task in sorted(old, key=lambda pair: pair[1].ready):
            if surplus > 0 and (not task.ready or healthy - 1 >= minimum):
                self._stop(deployment, [task])
                surplus -= 1
                healthy -= 1 if task.ready else 0

    def _start_missing(self) -> None:
        primary, (_, maximum) = self.primary, self._limits()
        staying = sum(len(one.staying()) for one in self.deployments)
        wanted = min(self.desired - len(primary.staying()), maximum - staying)
        if wanted <= 0 or primary.state == "FAILED" or self.shared.clock.now() < primary.retry_at:
            return
        started = []
        for _ in range(wanted):
            task = self._launch(primary, self)
            if task is None:
                self._no_room()
                break
            started.append(task)
        primary.tasks.extend(started)
        if started:
            self.event(f"has started {len(started)} tasks: {named(started)}.")

    def _no_room(self) -> None:
        text = (
            "was unable to place a task. Reason: Capacity is unavailable at this time. "
            "Please try again later or in a different availability zone."
        )
        if not self.service.events or text not in self.service.events[0]["message"]:
            self.event(text)

    # What tasks report -----------------------------------------------------------------------------------------------

    def task_ended(self, deployment: Deployment, task: Task) -> None:
        """Source: ECS API reference, Deployment.failedTasks."""
        if task in deployment.tasks:
            deployment.tasks.remove(task)
        if task.leaving or deployment.status != "PRIMARY":
            return
        deployment.steady_since = None
        if deployment.state == "IN_PROGRESS":
            deployment.failed += 1
            deployment.in_a_row += 1
        wait = self.shared.durations["retryMs"] * max(1, deployment.in_a_row) / 1000
        deployment.retry_at = self.shared.clock.now() + wait
        self.shared.look_again(wait * 1000)
        if self.breaker.failed(deployment):
            return
        if deployment.failed == 3:
            self.event(
                "is unable to consistently start tasks successfully. For more information, see the "
                "Troubleshooting section of the Amazon ECS Developer Guide."
            )

    def task_unhealthy(self, task: Task, why: str) -> None:
        group = task.options.get("target_group") or "target-group"
        port = task.facing.port if task.facing else 0
        self.event(f"(port {port}) is unhealthy in (target-group {group}) due to (reason {why}).")

    # Ends ------------------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        primary = self.primary
        ready = [task for task in primary.staying() if task.ready]
        for task in ready:
            if task.id not in primary.proved:
                primary.proved.add(task.id)
                primary.in_a_row = 0
                if task.facing is not None:
                    group = task.options.get("target_group") or "target-group"
                    self.event(f"registered 1 targets in (target-group {group})")
        steady = len(ready) == self.desired and len(self.deployments) == 1 and len(primary.tasks) == self.desired
        if not steady:
            primary.steady_since, self._steady = None, False
            return
        now = self.shared.clock.now()
        if primary.steady_since is None:
            primary.steady_since = now
            self.shared.look_again(self.shared.durations["settleMs"])
        if (now - primary.steady_since) * 1000 < self.shared.durations["settleMs"]:
            return
        if primary.state == "IN_PROGRESS":
            primary.state = "COMPLETED"
            primary.reason = f"ECS deployment {primary.id} completed."
            self.last_completed = primary
            self.event(f"(deployment {primary.id}) deployment completed.")
            self.breaker.completed(primary)
        if not self._steady:
            self._steady = True
            self.event("has reached a steady state.")

    def show(self) -> None:
        """Writes into moto's object what DescribeServices answers."""
        everyone = [task for one in self.deployments for task in one.tasks]
        self.service.running_count = running(everyone)
        self.service.pending_count = pending(everyone)
        self.service.deployments = [self._shown(one) for one in self.deployments]

    def _shown(self, one: Deployment) -> dict[str, Any]:
        date = self.shared.clock.date(one.created)
        primary = one.status == "PRIMARY"
        return {
            "id": one.id,
            "status": one.status,
            "taskDefinition": one.definition.arn,
            "createdAt": date,
            "updatedAt": date,
            "desiredCount": self.desired if primary else len(one.staying()),
            "runningCount": running(one.tasks),
            "pendingCount": pending(one.tasks),
            "failedTasks": one.failed,
            "launchType": self.service.launch_type,
            "platformVersion": self.service.platform_version,
            "rolloutState": one.state,
            "rolloutStateReason": one.reason,
            "networkConfiguration": self.service.network_configuration or None,
        }
