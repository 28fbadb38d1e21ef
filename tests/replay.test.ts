import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from './support/workflow-bundle.ts';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const recorded = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));

let bundle: WorkflowBundle;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  bundle = { code: await readFile(await workflowBundle(), 'utf8') };
});

/** A release that is under way when a worker is upgraded must go on: today's code has to agree with yesterday's history. */
describe('recorded histories replay on the present workflow code', () => {
  it('there are some', () => {
    expect(recorded.length).toBeGreaterThan(0);
  });

  it.each(recorded)('%s', async (file) => {
    const history: unknown = JSON.parse(readFileSync(`${folder}${file}`, 'utf8'));
    await Worker.runReplayHistory({ workflowBundle: bundle }, history);
  });

  it('a story with another order of steps does not', async () => {
    const [first] = recorded;
    const history = JSON.parse(readFileSync(`${folder}${first}`, 'utf8')) as { events: { eventType?: unknown }[] };
    // The second activity of the story claims to be another one, as if the code had changed its order.
    const scheduled = history.events.filter((event) => 'activityTaskScheduledEventAttributes' in event);
    const [, second] = scheduled as { activityTaskScheduledEventAttributes: { activityType: { name: string } } }[];
    if (second !== undefined) second.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
    await expect(Worker.runReplayHistory({ workflowBundle: bundle }, history)).rejects.toThrow(/[Nn]ondeterminism/);
  });
});
