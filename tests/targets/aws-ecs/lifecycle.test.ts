import type { ImageDetail } from '@aws-sdk/client-ecr';
import { describe, expect, it } from 'vitest';
import { fateOf } from '../../../src/targets/aws-ecs/lifecycle.ts';

const day = 24 * 60 * 60_000;
const nowMs = Date.UTC(2026, 10, 21);
const image = (name: string, daysOld: number, ...imageTags: string[]): ImageDetail => ({
  imageDigest: `sha256:${name}`,
  imagePushedAt: new Date(nowMs - daysOld * day),
  imageTags,
});

type Selection = Record<string, unknown>;
const rule = (rulePriority: number, selection: Selection, more: object = {}) => ({
  rulePriority,
  selection,
  action: { type: 'expire' },
  ...more,
});
const days = (countNumber: number) => ({ countType: 'sinceImagePushed', countUnit: 'days', countNumber });
const most = (countNumber: number) => ({ countType: 'imageCountMoreThan', countNumber });

function fate(rules: object[], running: ImageDetail, others: ImageDetail[] = []) {
  const policy = JSON.stringify({ rules });
  return fateOf({ policy, image: running, others: [running, ...others], coming: 1, nowMs, forMs: 3 * day });
}

describe('the fate of an image under a lifecycle policy', () => {
  it('stays where no rule selects it', () => {
    expect(fate([rule(1, { tagStatus: 'untagged', ...days(1) })], image('a', 100, 'v1'))).toEqual({ state: 'stays' });
  });

  it('is due by age only within the days that it is needed', () => {
    const rules = [rule(1, { tagStatus: 'any', ...days(30) }, { description: 'old ones' })];
    expect(fate(rules, image('a', 26, 'v1'))).toEqual({ state: 'stays' });
    expect(fate(rules, image('a', 28, 'v1'))).toEqual({ state: 'due', rule: 'rule 1 (old ones)' });
  });

  it('is due by count where the release pushes it out', () => {
    const rules = [rule(1, { tagStatus: 'any', ...most(3) })];
    const newer = [image('b', 1, 'v2')];
    expect(fate(rules, image('a', 2, 'v1'), newer)).toEqual({ state: 'stays' });
    expect(fate(rules, image('a', 2, 'v1'), [...newer, image('c', 0, 'v3')])).toMatchObject({ state: 'due' });
  });

  it('is due as untagged once its tag moves to the new image', () => {
    const rules = [rule(1, { tagStatus: 'untagged', ...days(1) })];
    expect(fate(rules, image('a', 5))).toMatchObject({ state: 'due' });
  });

  it('needs a tag for every prefix and pattern', () => {
    const rules = [rule(1, { tagStatus: 'tagged', tagPrefixList: ['v', 'prod'], ...days(1) })];
    expect(fate(rules, image('a', 5, 'v1'))).toEqual({ state: 'stays' });
    expect(fate(rules, image('a', 5, 'v1', 'prod-1'))).toMatchObject({ state: 'due' });
    const patterns = [rule(1, { tagStatus: 'tagged', tagPatternList: ['v*.0'], ...days(1) })];
    expect(fate(patterns, image('a', 5, 'v1.0'))).toMatchObject({ state: 'due' });
    expect(fate(patterns, image('a', 5, 'v1x0'))).toEqual({ state: 'stays' });
  });

  it('is judged by the first rule that selects it, by priority', () => {
    const keep = rule(1, { tagStatus: 'tagged', tagPrefixList: ['v'], ...most(100) });
    const drop = rule(2, { tagStatus: 'any', ...days(1) });
    expect(fate([drop, keep], image('a', 50, 'v1'))).toEqual({ state: 'stays' });
    expect(fate([drop, keep], image('a', 50, 'x'))).toMatchObject({ state: 'due', rule: 'rule 2' });
  });

  it('is not known under a rule that cannot be judged', () => {
    const pulled = { countType: 'sinceImagePulled', countUnit: 'days', countNumber: 1 };
    expect(fate([rule(4, { tagStatus: 'any', ...pulled })], image('a', 5))).toEqual({
      state: 'unknown',
      rule: 'rule 4',
    });
    const archive = rule(1, { tagStatus: 'any', ...days(1) }, { action: { type: 'transition' } });
    expect(fate([archive], image('a', 5))).toMatchObject({ state: 'unknown' });
  });
});
