import { existsSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { openJournal } from '../journal.ts';
import type { Strike } from '../strike.ts';
import { striking } from '../striking.ts';

/**
 * A worker of the stage with a strike. The file that `CRASH_ORDER` names says which, as soon as it is there: what was
 * released before is nobody's business.
 */
export type CrashOrder = { journal: string; strike: Strike | null };

const file = process.env.CRASH_ORDER ?? '';
const inbound: ReturnType<typeof striking> = {
  async execute(input, next) {
    if (!existsSync(file)) return await next(input);
    const { journal, strike } = JSON.parse(readFileSync(file, 'utf8')) as CrashOrder;
    const { execute } = striking(openJournal(journal), strike);
    return execute === undefined ? await next(input) : await execute(input, next);
  },
};
// The worker has no door for interceptors, and needs none outside of these tests.
const create = Worker.create.bind(Worker);
Worker.create = (options) => create({ ...options, interceptors: { activity: [() => ({ inbound })] } });
await import(new URL('../../support/worker-process.mjs', import.meta.url).href);
