import { expect, it } from 'vitest';
import { describeOnAws } from '../../support/aws/for-file.ts';
import { storiesOn } from './world.ts';

describeOnAws('a site in a bucket whose release is cut off', (aws) => {
  const on = storiesOn(aws);

  it('goes on where an upload was cut off, and writes each file once although answers are lost', () =>
    on({ first: 'running' }, async (world, trial) => {
      await trial.prepare();
      const savepoint = await trial.save();
      const before = world.bucket.effects().length;
      aws().faults.loseAnswer('PutObject', { times: 2 });
      aws().faults.loseAnswer('PutObject', { times: 2, before: true });
      let cut = 0;
      for (let attempt = 0; attempt < 8; attempt += 1) {
        const done = await trial.applyAll().then(
          () => true,
          (error: unknown) => {
            expect(error).toMatchObject({ kind: 'unreachable' });
            cut += 1;
            return false;
          },
        );
        if (done) break;
      }
      expect(cut).toBeGreaterThan(0);
      const puts = world.bucket.effects().slice(before);
      expect(new Set(puts).size).toBe(puts.length);
      expect(await world.front.get('/')).toContain('<p>v2</p>');
      await trial.restore(savepoint);
      expect(await world.front.get('/')).toContain('<p>v1</p>');
    }));

  it('comes back from an upload that stopped half way, and from a restore that did', () =>
    on({ first: 'running', cdn: true }, async (world, trial) => {
      const before = await world.observe();
      await trial.prepare();
      const savepoint = await trial.save();
      aws().faults.loseAnswer('PutObject', { times: 4, before: true });
      await expect(trial.applyAll()).rejects.toMatchObject({ kind: 'unreachable' });
      aws().faults.calm();
      aws().faults.loseAnswer('CopyObject');
      aws().faults.loseAnswer('DeleteObject');
      for (let attempt = 0; attempt < 3; attempt += 1) await trial.restore(savepoint).catch(() => {});
      const { proof } = await trial.restore(savepoint);
      expect(proof.differences).toEqual([]);
      expect(await world.observe()).toBe(before);
    }));

  it.each([1, 2, 3, 4, 5, 6, 7])('comes back from an upload that ended after %i effects', (after) =>
    on({ first: 'running' }, async (world, trial) => {
      const before = await world.observe();
      await trial.prepare();
      const savepoint = await trial.save();
      const started = world.bucket.effects().length;
      aws().faults.delay('PutObject', 20);
      aws().faults.delay('DeleteObject', 20);
      const lost = new AbortController();
      const first = trial.apply('deploy', { signal: lost.signal }).catch((error: unknown) => error);
      while (world.bucket.effects().length < started + after) await new Promise((resolve) => setTimeout(resolve, 1));
      lost.abort(new Error('the worker is gone'));
      await first;
      aws().faults.calm();
      const { proof } = await trial.restore(savepoint);
      expect(proof.differences).toEqual([]);
      expect(await world.observe()).toBe(before);
      expect(await world.front.get('/feature-of-v2.json')).toContain('404 ');
    }),
  );

  it('writes no lot more once a newer attempt has taken over', () =>
    on({ first: 'running' }, async (world, trial) => {
      const before = await world.observe();
      await trial.prepare();
      const savepoint = await trial.save();
      const started = world.bucket.effects().length;
      aws().faults.delay('PutObject', 300);
      const stale = trial.apply('deploy').catch((error: unknown) => error);
      while (world.bucket.effects().length === started) await new Promise((resolve) => setTimeout(resolve, 1));
      await trial.restore(savepoint);
      expect(await stale).toMatchObject({ kind: 'stale-fence' });
      expect(await world.observe()).toBe(before);
    }));

  it('changes nothing when the saved versions are gone', () =>
    on({ first: 'running' }, async (world, trial) => {
      await trial.prepare();
      const savepoint = await trial.save();
      await trial.applyAll();
      await world.bucket.destroyOldVersions('index.html');
      const before = await world.observe();
      const effects = world.bucket.effects().length;
      await expect(trial.restore(savepoint)).rejects.toMatchObject({
        kind: 'not-found',
        details: { evidence: 'index.html' },
      });
      expect(await world.observe()).toBe(before);
      expect(world.bucket.effects()).toHaveLength(effects);
    }));

  it('empties CloudFront once on each way, also when the answer is lost', () =>
    on({ first: 'running', cdn: true }, async (world, trial) => {
      const before = (await world.invalidations()).length;
      await trial.prepare();
      const savepoint = await trial.save();
      aws().faults.loseAnswer('CreateInvalidation');
      await expect(trial.applyAll()).rejects.toMatchObject({ kind: 'unreachable' });
      await trial.applyAll();
      expect(await world.front.get('/')).toContain('<p>v2</p>');
      aws().faults.loseAnswer('CreateInvalidation');
      await expect(trial.restore(savepoint)).rejects.toMatchObject({ kind: 'unreachable' });
      await trial.restore(savepoint);
      expect(await world.front.get('/')).toContain('<p>v1</p>');
      const made = (await world.invalidations()).slice(before);
      expect(made).toHaveLength(2);
      expect(new Set(made.map(({ reference }) => reference)).size).toBe(2);
    }));
});
