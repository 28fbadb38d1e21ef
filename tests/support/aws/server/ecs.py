"""The calls of ECS that concern services and tasks, in place of moto's, which never starts a task."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import (
    ClusterNotFoundException,
    EcsClientException,
    ECSException,
    InvalidParameterException,
    ServiceNotFoundException,
)
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from scheduler import ROLLING, Scheduler

moto_create_service = EC2ContainerServiceResponse.create_service

#: Parameters of UpdateService → attribute of moto's service; a new value of one in BY_DEPLOYMENT starts a deployment.
PLAIN = {
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "enableExecuteCommand": "enable_execute_command",
    "propagateTags": "propagate_tags",
    "placementConstraints": "placement_constraints",
    "placementStrategy": "placement_strategy",
    "enableECSManagedTags": "enable_ecs_managed_tags",
}
BY_DEPLOYMENT = {
    "networkConfiguration": "network_configuration",
    "platformVersion": "platform_version",
    "loadBalancers": "load_balancers",
    "capacityProviderStrategy": "capacity_provider_strategy",
    "serviceRegistries": "service_registries",
}


class ServiceCalls:
    """Mixed into moto's response class; `scheduler` is set by `install`."""

    scheduler: Scheduler
    _get_param: Any
    ecs_backend: Any

    def create_service(self) -> ActionResult:
        cluster, name = self._get_param("cluster", "default"), self._get_param("serviceName")
        found, _ = self.ecs_backend.describe_services(cluster, [name])
        if any(service.status != "INACTIVE" for service in found):
            raise InvalidParameterException("Creation of service was not idempotent.")
        active_definition(self.ecs_backend, self._get_param("taskDefinition"))
        answer = moto_create_service(self)  # type: ignore[arg-type]
        service = answer.result["service"]  # type: ignore[index]
        service.created_at = self.scheduler.shared.clock.date()
        service.deployment_configuration = {**ROLLING, **(self._get_param("deploymentConfiguration") or {})}
        for parameter, attribute in {**PLAIN, **BY_DEPLOYMENT}.items():
            if self._get_param(parameter) is not None:
                setattr(service, attribute, self._get_param(parameter))
        self.scheduler.adopt(service)
        return answer

    def update_service(self) -> ActionResult:
        """Source: ECS API reference, UpdateService: a new deployment where the definition or one of some settings
        changes or it is forced; another desired count alone starts none."""
        service = self._service()
        rollout = self.scheduler.rollouts[service.arn]
        if service.status != "ACTIVE":
            raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
        wanted = self._get_param("taskDefinition")
        definition = active_definition(self.ecs_backend, wanted) if wanted else rollout.primary.definition
        changed = bool(self._get_param("forceNewDeployment")) or definition.arn != service.task_definition
        for parameter, attribute in {**PLAIN, **BY_DEPLOYMENT}.items():
            value = self._get_param(parameter)
            if value is None:
                continue
            changed = changed or (parameter in BY_DEPLOYMENT and value != getattr(service, attribute, None))
            setattr(service, attribute, value)
        if self._get_param("deploymentConfiguration"):
            service.deployment_configuration |= self._get_param("deploymentConfiguration")
        if self._get_param("desiredCount") is not None:
            service.desired_count = int(self._get_param("desiredCount"))
        if changed:
            rollout.begin(definition)
        rollout.show()
        return ActionResult({"service": service})

    def delete_service(self) -> ActionResult:
        service = self._service()
        if service.desired_count > 0 and not self._get_param("force"):
            raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
        service.status = "DRAINING"
        return ActionResult({"service": service})

    def _service(self) -> Any:
        found, _ = self.ecs_backend.describe_services(
            self._get_param("cluster", "default"), [self._get_param("service")]
        )
        if not found or found[0].status == "INACTIVE":
            raise ServiceNotFoundException()
        return found[0]

    # Service deployments and revisions -------------------------------------------------------------------------------

    def list_service_deployments(self) -> ActionResult:
        rollout = self.scheduler.rollouts[self._service().arn]
        wanted = self._get_param("status") or []
        shown = [one for one in rollout.history if not wanted or one["status"] in wanted]
        brief = [{**one, "targetServiceRevisionArn": one["targetServiceRevision"]["arn"]} for one in shown]
        return ActionResult({"serviceDeployments": brief})

    def describe_service_deployments(self) -> ActionResult:
        wanted = self._get_param("serviceDeploymentArns") or []
        known = {one["serviceDeploymentArn"]: one for each in self.scheduler.rollouts.values() for one in each.history}
        return ActionResult(
            {
                "serviceDeployments": [known[arn] for arn in wanted if arn in known],
                "failures": [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known],
            }
        )

    def describe_service_revisions(self) -> ActionResult:
        wanted = self._get_param("serviceRevisionArns") or []
        rollouts = self.scheduler.rollouts.values()
        known = {one["serviceRevisionArn"]: one for each in rollouts for one in each.breaker.revisions()}
        return ActionResult(
            {
                "serviceRevisions": [known[arn] for arn in wanted if arn in known],
                "failures": [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known],
            }
        )

    def stop_service_deployment(self) -> ActionResult:
        arn = self._get_param("serviceDeploymentArn")
        for rollout in self.scheduler.rollouts.values():
            for record in rollout.history:
                if record["serviceDeploymentArn"] == arn and rollout.primary.id in record["_deployments"]:
                    back = self._get_param("stopType", "ROLLBACK") == "ROLLBACK"
                    rollout.breaker.fail(rollout.primary, "Service deployment was stopped by a person.", back)
                    return ActionResult({"serviceDeploymentArn": arn})
        raise ECSException("ServiceDeploymentNotFoundException", "Service deployment not found.")


class TaskCalls:
    scheduler: Scheduler
    _get_param: Any
    ecs_backend: Any

    def run_task(self) -> ActionResult:
        token = self._get_param("clientToken")
        if token is not None and token in self.scheduler.tokens:
            return ActionResult({"tasks": [one.describe() for one in self.scheduler.tokens[token]], "failures": []})
        cluster = self._cluster()
        definition = active_definition(self.ecs_backend, self._get_param("taskDefinition"))
        if definition.network_mode == "awsvpc" and not self._get_param("networkConfiguration"):
            raise InvalidParameterException(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            )
        options = {
            "cluster_arn": cluster.arn,
            "group": self._get_param("group") or f"family:{definition.family}",
            "started_by": self._get_param("startedBy"),
            "launch_type": self._get_param("launchType") or "FARGATE",
            "overrides": self._get_param("overrides"),
            "tags": self._get_param("tags"),
        }
        count = int(self._get_param("count", 1))
        tasks = [self.scheduler.launch(definition, {**options, "pins": {}}) for _ in range(count)]
        placed = [task for task in tasks if task is not None]
        if token is not None:
            self.scheduler.tokens[token] = placed
        failures = [{"arn": cluster.arn, "reason": "Capacity is unavailable at this time."}] * (count - len(placed))
        return ActionResult({"tasks": [task.describe() for task in placed], "failures": failures})

    def describe_tasks(self) -> ActionResult:
        cluster = self._cluster()
        wanted = self._get_param("tasks", [])
        found = [(one, self.scheduler.find_task(cluster.arn, one)) for one in wanted]
        return ActionResult(
            {
                "tasks": [task.describe() for _, task in found if task is not None],
                "failures": [{"arn": one, "reason": "MISSING"} for one, task in found if task is None],
            }
        )

    def list_tasks(self) -> ActionResult:
        """Source: ECS API reference, ListTasks: without a desired status, tasks that are to run."""
        cluster = self._cluster()
        service, family = self._get_param("serviceName"), self._get_param("family")
        started_by, status = self._get_param("startedBy"), self._get_param("desiredStatus", "RUNNING")
        if service and not self.ecs_backend.describe_services(cluster.name, [service])[0]:
            raise ServiceNotFoundException()
        matching = [
            task.arn
            for task in self.scheduler.tasks.values()
            if task.options["cluster_arn"] == cluster.arn
            and task.desired == status
            and (not service or task.options["group"] == f"service:{service.split('/')[-1]}")
            and (not family or task.definition.family == family)
            and (not started_by or task.options["started_by"] == started_by)
        ]
        return ActionResult({"taskArns": matching})

    def stop_task(self) -> ActionResult:
        task = self.scheduler.find_task(self._cluster().arn, self._get_param("task"))
        if task is None:
            raise InvalidParameterException("The referenced task was not found.")
        task.stop(self._get_param("reason") or "Task stopped by user", "UserInitiated")
        return ActionResult({"task": task.describe()})

    def _cluster(self) -> Any:
        cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
        if cluster.status != "ACTIVE":
            raise ClusterNotFoundException()
        return cluster


def active_definition(backend: EC2ContainerServiceBackend, reference: str | None) -> Any:
    if reference is None:
        raise InvalidParameterException("TaskDefinition can not be blank.")
    name = reference.split("/")[-1]
    if ":" not in name:
        active = [one for one in backend.task_definitions.get(name, {}).values() if one.status == "ACTIVE"]
        if not active:
            raise EcsClientException("TaskDefinition not found.")
        return active[-1]
    family, revision = name.split(":")
    found = backend.task_definitions.get(family, {}).get(int(revision))
    if found is None:
        raise EcsClientException("TaskDefinition not found.")
    if found.status != "ACTIVE":
        raise EcsClientException("TaskDefinition is inactive")
    return found


def install(scheduler: Scheduler) -> None:
    for calls in (ServiceCalls, TaskCalls):
        for name, method in vars(calls).items():
            if callable(method):
                setattr(EC2ContainerServiceResponse, name, method)
    EC2ContainerServiceResponse.scheduler = scheduler  # type: ignore[attr-defined]
