import { expect, it } from 'vitest';
import { describeOnAws } from '../../support/aws/for-file.ts';
import { storiesOn } from './world.ts';

describeOnAws('the survey of a site in a bucket', (aws) => {
  const on = storiesOn(aws);

  it('shows in its survey that somebody changed the site, so that an approval is void', () =>
    on({ first: 'running' }, async (world, trial) => {
      const survey = () => world.kind.survey(trial.call({ verb: 'survey' }));
      const before = await survey();
      await world.bucket.put('index.html', 'somebody wrote this by hand');
      const after = await survey();
      expect(after.running).not.toBe(before.running);
      expect(after.findings.map(({ what }) => what).join()).toContain('1 objects of v1 were changed by somebody else');
    }));

  it('is not released to a bucket that keeps no old versions', () =>
    on({ first: 'by-hand', versioning: false }, async (world, trial) => {
      const { findings } = await world.kind.survey(trial.call({ verb: 'survey' }));
      expect(findings).toContainEqual(
        expect.objectContaining({ status: 'FAIL', remedy: expect.stringContaining('put-bucket-versioning') }),
      );
    }));

  it('is not released where users get it by access lists of its objects, which a release would lose', () =>
    on({ first: 'absent' }, async (world, trial) => {
      await world.bucket.put('index.html', 'by an access list', { everybody: true });
      const { findings } = await world.kind.survey(trial.call({ verb: 'survey' }));
      expect(findings).toContainEqual(
        expect.objectContaining({ status: 'FAIL', what: expect.stringContaining('its own access list') }),
      );
    }));

  it('is told of rules of the bucket that remove what a rollback needs', () =>
    on({ first: 'running' }, async (world, trial) => {
      const survey = async () => (await world.kind.survey(trial.call({ verb: 'survey' }))).findings;
      await world.bucket.removeOldVersionsAfter(1);
      expect(await survey()).toContainEqual(
        expect.objectContaining({ status: 'FAIL', what: expect.stringContaining('after 1 days') }),
      );
      await world.bucket.removeOldVersionsAfter(30);
      expect((await survey()).filter(({ status }) => status === 'FAIL')).toEqual([]);
    }));

  it('says what is wrong with a bucket that does not exist', () =>
    on({ first: 'absent' }, async (world, trial) => {
      const spec = { ...world.spec, bucket: 'nobody-has-this-bucket' };
      const { findings } = await world.kind.survey(trial.call({ verb: 'survey', spec }));
      const failed = findings.filter(({ status }) => status === 'FAIL');
      expect(failed).toEqual([expect.objectContaining({ what: expect.stringContaining('NoSuchBucket') })]);
    }));
});
