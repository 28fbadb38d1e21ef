"""All ECS services and tasks of the world: finds them, starts them, and looks after them again and again."""

from typing import Any

from moto.ecs.models import ecs_backends

from balancer import Balancer
from deployment import Deployment
from rollout import Rollout
from shared import Shared
from task import Task

#: Source: ECS API reference, CreateService: defaults of a rolling deployment.
ROLLING = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
}


class Scheduler:
    def __init__(self, shared: Shared, balancer: Balancer) -> None:
        self.shared = shared
        self.balancer = balancer
        self.rollouts: dict[str, Rollout] = {}
        self.tasks: dict[str, Task] = {}
        #: RunTask by client token: asked again, the same tasks are the answer.
        self.tokens: dict[str, list[Task]] = {}

    @property
    def backend(self) -> Any:
        return ecs_backends[self.shared.account][self.shared.region]

    def adopt(self, service: Any) -> Rollout:
        definition = self.backend.describe_task_definition(service.task_definition)
        service.task_definition = definition.arn
        rollout = Rollout(self.shared, service, definition, self._launch)
        self.rollouts[service.arn] = rollout
        rollout.show()
        return rollout

    def _launch(self, deployment: Deployment, rollout: Rollout) -> Task | None:
        service = rollout.service
        balancers = service.load_balancers or [{}]
        return self.launch(
            deployment.definition,
            {
                "cluster_arn": service.cluster_arn,
                "group": f"service:{service.name}",
                "started_by": deployment.id,
                "launch_type": service.launch_type,
                "pins": deployment.pins,
                "service": service.arn,
                "port_of": balancers[0].get("containerName"),
                "target_group": balancers[0].get("targetGroupArn"),
                "ended": lambda task: rollout.task_ended(deployment, task),
                "unhealthy": rollout.task_unhealthy,
            },
        )

    def launch(self, definition: Any, options: dict[str, Any]) -> Task | None:
        """None when there is no room."""
        alive = sum(task.status != "STOPPED" for task in self.tasks.values())
        if alive >= self.shared.settings["capacity"]:
            return None
        task = Task(self.shared, definition, options)
        self.tasks[task.arn] = task
        return task

    def tick(self) -> None:
        for arn, rollout in list(self.rollouts.items()):
            rollout.tick()
            tasks = [task for one in rollout.deployments for task in one.staying()]
            if self.balancer.knows(arn) or any(task.facing for task in tasks):
                self.balancer.point(arn, [task.facing.port for task in tasks if task.ready and task.facing])
            if rollout.service.status == "DRAINING" and not any(one.tasks for one in rollout.deployments):
                rollout.service.status = "INACTIVE"

    def is_under_way(self) -> bool:
        return any(task.is_under_way for task in self.tasks.values())

    def services(self) -> list[dict[str, Any]]:
        return [
            {
                "arn": arn,
                "name": rollout.service.name,
                "cluster": rollout.service.cluster_name,
                "port": self.balancer.port(arn),
            }
            for arn, rollout in self.rollouts.items()
        ]

    def find_task(self, cluster: str, reference: str) -> Task | None:
        name = cluster.split("/")[-1]
        for task in self.tasks.values():
            if task.arn.split("/")[-2] == name and reference.split("/")[-1] == task.id:
                return task
        return None

    def stop(self) -> None:
        for task in self.tasks.values():
            for container in task.containers:
                if container.is_running() and container.process is not None:
                    container.process.kill()
