/** What a file for register-task-definition says about who may do what. */
export type DefinitionFacts = {
  family: string | null;
  /** ARNs of the roles that its tasks get. */
  roles: string[];
  /** Log groups that its containers write to. */
  logGroups: string[];
};

/** @returns null where the content is no task definition; describe-task-definition wraps it in `taskDefinition` */
export function definitionFacts(content: unknown): DefinitionFacts | null {
  const outer = field(content, 'taskDefinition');
  const definition = isObject(outer) ? outer : content;
  const family = field(definition, 'family');
  if (typeof family !== 'string') return null;
  const roles = [field(definition, 'executionRoleArn'), field(definition, 'taskRoleArn')];
  const containers = field(definition, 'containerDefinitions');
  const groups = (Array.isArray(containers) ? containers : []).map((container) =>
    field(field(field(container, 'logConfiguration'), 'options'), 'awslogs-group'),
  );
  return { family, roles: texts(roles), logGroups: texts(groups) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function field(value: unknown, name: string): unknown {
  return isObject(value) ? Reflect.get(value, name) : undefined;
}

function texts(values: readonly unknown[]): string[] {
  return [...new Set(values.filter((value) => typeof value === 'string'))];
}
