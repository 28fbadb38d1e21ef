import { Worker } from '@temporalio/worker';
import { openJournal } from './journal.ts';
import { journalVariable, type Strike, strikeVariable } from './strike.ts';
import { striking } from './striking.ts';

/** The worker process of the tests, with a journal of its attempts and, where it has one, a strike against itself. */
const journal = openJournal(process.env[journalVariable] ?? '');
const written = process.env[strikeVariable];
const strike = written === undefined ? null : (JSON.parse(written) as Strike);

// The worker has no door for this, and needs none outside of these tests.
const create = Worker.create.bind(Worker);
Worker.create = (options) =>
  create({ ...options, interceptors: { activity: [() => ({ inbound: striking(journal, strike) })] } });

await import('../support/worker-process.ts');
