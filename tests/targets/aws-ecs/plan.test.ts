import { describe, expect, it } from 'vitest';
import { loaded } from '../../plan/plans.ts';

const minute = 60_000;

const plan = (more = ''): string => `application: shop
environment: production
people: { product-owner: { name: Product owner } }
gates: { go-no-go: { deciders: [product-owner], needs: 1, notRequester: false, deadline: 1h } }
questions: { deciders: [product-owner], deadline: 1h }
targets:
  frontend:
    kind: aws-ecs
    region: us-east-1
    cluster: shop-prod
    service: frontend-service
    image: { repository: shop-frontend, build: { command: [make, image], timeout: 45m } }
${more}`;

async function patienceOf(content: string): Promise<Record<string, number>> {
  const { plan: found } = await loaded(content);
  return Object.fromEntries(found.steps.map(({ id, patienceMs }) => [id, patienceMs]));
}

describe('a plan with a service of ECS', () => {
  it('invalidates after the deployment where a distribution is named, and not otherwise', async () => {
    expect(Object.keys(await patienceOf(plan()))).not.toContain('invalidate frontend');
    const steps = Object.keys(await patienceOf(plan('    invalidate: { distribution: E1234567890ABC }\n')));
    expect(steps.indexOf('invalidate frontend')).toBe(steps.indexOf('deploy frontend') + 1);
  });

  it('waits longer for a deployment and a build than they themselves do', async () => {
    const patience = await patienceOf(plan('    deploy: { timeout: 40m }\n'));
    expect(patience['deploy frontend']).toBe(41 * minute);
    expect(patience['prepare frontend']).toBe(46 * minute);
  });
});
