import { describe, expect, it } from 'vitest';
import {
  contentOf,
  environmentHash,
  environmentNames,
  normalised,
  shapeHash,
  withDigests,
} from '../../../src/targets/aws-ecs/content.ts';
import { isEcr, parseImage, pinnedImage, repositoryOf } from '../../../src/targets/aws-ecs/images.ts';
import { readManifest } from '../../../src/targets/aws-ecs/registry.ts';

const ecr = '123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/backend';
const digest = `sha256:${'a'.repeat(64)}`;

const written = {
  family: 'backend',
  networkMode: 'awsvpc' as const,
  containerDefinitions: [
    {
      name: 'app',
      image: `${ecr}:v1`,
      portMappings: [{ containerPort: 3000 }],
      environment: [
        { name: 'B', value: '2' },
        { name: 'A', value: 'hunter2' },
      ],
      secrets: [{ name: 'DATABASE_URL', valueFrom: 'arn:secret' }],
    },
  ],
};
/** The same as ECS answers it. */
const described = {
  taskDefinitionArn: 'arn:aws:ecs:us-east-1:1:task-definition/backend:1',
  revision: 1,
  status: 'ACTIVE' as const,
  registeredAt: new Date(),
  compatibilities: ['EC2' as const],
  family: 'backend',
  networkMode: 'awsvpc' as const,
  volumes: [],
  placementConstraints: [],
  containerDefinitions: [
    {
      cpu: 0,
      essential: true,
      mountPoints: [],
      volumesFrom: [],
      image: `${ecr}:v1`,
      name: 'app',
      portMappings: [{ protocol: 'tcp' as const, hostPort: 3000, containerPort: 3000 }],
      environment: [
        { value: 'hunter2', name: 'A' },
        { value: '2', name: 'B' },
      ],
      secrets: [{ name: 'DATABASE_URL', valueFrom: 'arn:secret' }],
    },
  ],
};
const [first] = written.containerDefinitions;
const changed = (container: object) => ({ ...written, containerDefinitions: [{ ...first, ...container }] });

describe('a task definition', () => {
  it('is the same as its file, however ECS writes it back', () => {
    expect(normalised(contentOf(described))).toBe(normalised(contentOf(written)));
  });

  it.each([
    ['an image', { image: `${ecr}:v2` }],
    ['a value of the environment', { environment: [{ name: 'A', value: 'other' }] }],
    ['the order of a command', { command: ['b', 'a'] }],
    ['whether a container is essential', { essential: false }],
  ])('differs by %s', (_what, container) => {
    expect(normalised(contentOf(changed({ command: ['a', 'b'], ...container })))).not.toBe(
      normalised(contentOf(changed({ command: ['a', 'b'] }))),
    );
  });

  it('tells a fixed host port from one that ECS chooses', () => {
    const bridge = (hostPort: number) =>
      normalised({
        ...written,
        networkMode: 'bridge',
        containerDefinitions: [{ ...first, portMappings: [{ containerPort: 80, hostPort }] }],
      });
    expect(bridge(0)).not.toBe(bridge(80));
  });

  it('has a shape that knows neither tags nor environment', () => {
    const other = contentOf(changed({ image: `${ecr}@${digest}`, environment: [] }));
    expect(shapeHash(other)).toBe(shapeHash(contentOf(written)));
    expect(shapeHash(contentOf(changed({ image: 'other/repository:v1' })))).not.toBe(shapeHash(contentOf(written)));
    expect(environmentHash(other)).not.toBe(environmentHash(contentOf(written)));
  });

  it('names its environment and never says a value', () => {
    const names = environmentNames(contentOf(written));
    expect(names).toEqual({ app: ['A', 'B', 'DATABASE_URL ← arn:secret'] });
    expect(JSON.stringify(names)).not.toContain('hunter2');
  });

  it('is pinned to digests where they are known', () => {
    const pinned = withDigests(contentOf(written), { app: digest });
    expect(pinned.containerDefinitions?.[0]?.image).toBe(`${ecr}@${digest}`);
    expect(withDigests(contentOf(written), {}).containerDefinitions?.[0]?.image).toBe(`${ecr}:v1`);
  });
});

describe('the name of an image', () => {
  it.each([
    ['nginx', { registry: null, repository: 'nginx', tag: null, digest: null, account: null }],
    ['library/nginx:1.27', { registry: null, repository: 'library/nginx', tag: '1.27' }],
    ['localhost:5000/shop', { registry: 'localhost:5000', repository: 'shop', tag: null }],
    [`${ecr}:v1`, { account: '123456789012', region: 'us-east-1', repository: 'shop/backend', tag: 'v1' }],
    [`${ecr}:v1@${digest}`, { repository: 'shop/backend', tag: 'v1', digest }],
    ['123456789012.dkr-ecr.eu-west-1.on.aws/shop', { account: '123456789012', region: 'eu-west-1' }],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop', { region: 'cn-north-1', repository: 'shop' }],
  ])('%s is taken apart', (reference, parts) => {
    expect(parseImage(reference)).toMatchObject(parts);
  });

  it('is pinned by its digest alone', () => {
    expect(pinnedImage(`${ecr}:v1`, digest)).toBe(`${ecr}@${digest}`);
    expect(repositoryOf(parseImage('nginx:1'))).toBe('nginx');
    expect(isEcr(parseImage('nginx:1'))).toBe(false);
  });
});

describe('a manifest', () => {
  it('lists the images for several machines', () => {
    const text = JSON.stringify({ manifests: [{ digest: 'sha256:a' }, { digest: 'sha256:b' }, {}] });
    expect(readManifest(text)).toEqual({ members: ['sha256:a', 'sha256:b'], configuration: null });
  });

  it('of one image names its configuration, and nonsense names nothing', () => {
    expect(readManifest(JSON.stringify({ config: { digest: 'sha256:c' } }))).toEqual({
      members: [],
      configuration: 'sha256:c',
    });
    expect(readManifest('no json')).toEqual({ members: [], configuration: null });
  });
});
