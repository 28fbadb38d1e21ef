import { describe, expect, it } from 'vitest';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan } from '../support/plans.ts';
import { approve, type Handle, statusOf, until } from '../support/release.ts';

const bench = benchForFile();

type Service = { name: string; needs?: string[]; faults?: object[]; ask?: object };

/** Services that take a while to go back, and the last of which does not come up. */
function services(application: string, list: readonly Service[]): object {
  const target = ({ name, faults = [], ...rest }: Service): object => ({
    kind: 'memory',
    world: `${application}-${name}`,
    initial: 'v1',
    workMs: { restore: '400ms' },
    faults,
    ...rest,
  });
  const targets = Object.fromEntries(list.map((service) => [service.name, target(service)]));
  return memoryPlan({ application, more: { targets } });
}

const doesNotComeUp = [{ verb: 'apply', change: 'deploy', kind: 'failed', when: 'after' }];

/** What began and ended on the way back, in order. */
async function wayBack(handle: Handle): Promise<string[]> {
  const { timeline } = await statusOf(handle);
  return timeline.map(({ what }) => what).filter((what) => /^(done: |failed: )?restore /.test(what));
}

const versions = (application: string, names: string[]): (string | null)[] =>
  names.map((name) => memoryWorld(`${application}-${name}`).state.version);

describe('services on the way back', () => {
  it('go back one after the other, newest first, where nothing is said', async () => {
    const application = 'in-order';
    const list = [{ name: 'api' }, { name: 'web' }, { name: 'mail', faults: doesNotComeUp }];
    const handle = await bench().start(services(application, list));
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(await wayBack(handle)).toEqual([
      'restore mail',
      'done: restore mail',
      'restore web',
      'done: restore web',
      'restore api',
      'done: restore api',
    ]);
  });

  it('go back side by side where they need nothing of each other', async () => {
    const application = 'side-by-side';
    const list = [{ name: 'api' }, { name: 'web', needs: [] }, { name: 'mail', needs: [], faults: doesNotComeUp }];
    const handle = await bench().start(services(application, list));
    await approve(handle);
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect((await wayBack(handle)).slice(0, 3).every((what) => what.startsWith('restore '))).toBe(true);
    expect(versions(application, ['api', 'web', 'mail'])).toEqual(['v1', 'v1', 'v1']);
  });

  it('go back although another one did not, and only that one is left', async () => {
    const application = 'one-is-left';
    const faults = [...doesNotComeUp, { verb: 'restore', kind: 'failed', times: 1 }];
    const handle = await bench().start(services(application, [{ name: 'api' }, { name: 'web', faults }]));
    await approve(handle);
    const { question } = await until(handle, (status) => status.question?.kind === 'blocked');
    expect(question?.text).toBe('The way back is blocked at web');
    expect(versions(application, ['api'])).toEqual(['v1']);
    const body = { by: 'deployment-lead', question: question?.id ?? '', choice: 'retry' };
    await handle.executeUpdate(decideUpdate, { args: [body] });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(versions(application, ['api', 'web'])).toEqual(['v1', 'v1']);
  });

  it('are asked about one after the other where only people can bring them back', async () => {
    const application = 'two-questions';
    const ask = (name: string): object => ({ verb: 'restore', question: `bring ${name} back` });
    const list = [
      { name: 'api', ask: ask('api') },
      { name: 'web', needs: [], ask: ask('web'), faults: doesNotComeUp },
    ];
    const handle = await bench().start(services(application, list));
    await approve(handle);
    const asked: string[] = [];
    for (let count = 1; count <= 2; count += 1) {
      const { question } = await until(handle, (status) => {
        return status.question?.kind === 'by-hand' && !asked.includes(status.question.text);
      });
      asked.push(question?.text ?? '');
      const body = { by: 'deployment-lead', question: question?.id ?? '', choice: 'done' };
      await handle.executeUpdate(decideUpdate, { args: [body] });
    }
    expect(asked.sort()).toEqual(['bring api back', 'bring web back']);
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back' });
  });
});
