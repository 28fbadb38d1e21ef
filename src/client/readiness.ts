import { searchAttributes } from '../release/search-attributes.ts';
import type { Link } from './connection.ts';
import { pollersOf } from './workers.ts';

/** What `doctor` wants to know of a Temporal. `missing`: commands-to-be, one per search attribute that is not there. */
export type Readiness = {
  address: string;
  namespace: string;
  serverVersion: string;
  missingAttributes: { name: string; type: string }[];
  workflowWorkers: number;
  /** Null when the plan has no local target. */
  localWorkers: number | null;
};

export async function readiness(link: Link, queues: { workflow: string; local: string | null }): Promise<Readiness> {
  const { namespace, address } = link;
  const system = await link.client.workflowService.getSystemInfo({});
  await link.client.workflowService.describeNamespace({ namespace });
  const listed = await link.connection.operatorService.listSearchAttributes({ namespace });
  const known = new Set([...Object.keys(listed.customAttributes ?? {}), ...Object.keys(listed.systemAttributes ?? {})]);
  return {
    address,
    namespace,
    serverVersion: system.serverVersion ?? 'unknown',
    missingAttributes: searchAttributes
      .filter(({ name }) => !known.has(name))
      .map(({ name, type }) => ({ name, type })),
    workflowWorkers: await pollersOf(link, queues.workflow, 'workflow'),
    localWorkers: queues.local === null ? null : await pollersOf(link, queues.local, 'activity'),
  };
}
