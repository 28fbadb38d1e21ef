import type { Node } from 'libpg-query';

const wide: Record<string, string> = {
  CreateRoleStmt: 'makes a role',
  AlterRoleStmt: 'changes a role',
  AlterRoleSetStmt: 'changes the settings of a role',
  DropRoleStmt: 'drops a role',
  GrantRoleStmt: 'changes who is a member of a role',
  ReassignOwnedStmt: 'gives away what a role owns',
  DropOwnedStmt: 'drops what a role owns',
  CreatedbStmt: 'makes a database',
  DropdbStmt: 'drops a database',
  AlterDatabaseStmt: 'changes a database by its name',
  AlterDatabaseSetStmt: 'changes the settings of a database by its name',
  CreateTableSpaceStmt: 'makes a tablespace',
  DropTableSpaceStmt: 'drops a tablespace',
  AlterSystemStmt: 'changes the settings of the server',
  CreateSubscriptionStmt: 'makes a subscription',
};

const objects = new Set(['OBJECT_DATABASE', 'OBJECT_ROLE', 'OBJECT_TABLESPACE', 'OBJECT_SUBSCRIPTION']);

/** Says how a statement changes more than the database it runs in; null when it does not. */
export function wideStatement(node: Node): string | null {
  const [kind = '', fields] = Object.entries(node)[0] ?? [];
  const said = wide[kind];
  if (said !== undefined) return said;
  if (typeof fields !== 'object' || fields === null) return null;
  const types = ['objtype', 'renameType', 'objectType'].map((name) => String(Reflect.get(fields, name) ?? ''));
  return types.some((type) => objects.has(type)) ? 'changes a database or a role by its name' : null;
}
