import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  BatchDeleteImageCommand,
  DescribeImagesCommand,
  ECRClient,
  PutImageTagMutabilityCommand,
} from '@aws-sdk/client-ecr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AwsEcsSpec } from '../../../src/targets/aws-ecs/aws-ecs.schema.ts';
import { awsEcs } from '../../../src/targets/aws-ecs/aws-ecs.ts';
import { prepare } from '../../../src/targets/aws-ecs/prepare.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { webProgram } from '../../support/aws/programs.ts';
import { isMissing } from '../../support/tools.ts';
import { type EcsWorld, type OpenAws, openAws } from './world.ts';

const moto = findMoto();
const docker = fileURLToPath(new URL('docker.mjs', import.meta.url));

describe.skipIf(isMissing(moto))('an image for ECS', () => {
  let open: OpenAws;
  let source: string;
  beforeAll(async () => {
    open = await openAws();
  }, 60_000);
  beforeEach(async () => {
    source = await mkdtemp(join(tmpdir(), 'savepoint-image-'));
    process.env.DOCKER_STORE = source;
  });
  afterEach(async () => {
    delete process.env.DOCKER_STORE;
    await rm(source, { recursive: true, force: true });
  });
  afterAll(() => open?.close(), 60_000);

  const write = (program: string) => writeFile(join(source, 'program.mjs'), program);
  const calls = async (): Promise<{ words: string[]; stdin: string }[]> =>
    (await readFile(join(source, 'calls'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const imageOf = (world: EcsWorld, more: object = {}) =>
    world.specOf({ image: { repository: world.name, source, tool: docker, ...more } });
  const build = (world: EcsWorld, spec: AwsEcsSpec, release?: string) =>
    world.drive('prepare', (call) => prepare(call, 'v2'), { spec, ...(release === undefined ? {} : { release }) });
  const pushed = async (world: EcsWorld, imageTag: string) => {
    const command = new DescribeImagesCommand({ repositoryName: world.name, imageIds: [{ imageTag }] });
    return (await new ECRClient(open.aws.direct).send(command)).imageDetails?.[0]?.imageDigest;
  };
  const lock = (world: EcsWorld) =>
    new ECRClient(open.aws.direct).send(
      new PutImageTagMutabilityCommand({ repositoryName: world.name, imageTagMutability: 'IMMUTABLE' }),
    );

  it('FR-08 is built with its variables, pushed under all its tags, pinned, and then what users get', async () => {
    const world = await open.serviceOf({ count: 1 });
    await write(webProgram({ version: '__VITE_VERSION__' }));
    const spec = imageOf(world, { tags: ['latest'], buildArgs: { VITE_VERSION: 'two' } });
    const artefact = await build(world, spec);
    const digest = await pushed(world, 'v2');
    expect(artefact.location).toBe(world.first.reference.replace(/:v1$/, `@${digest}`));
    expect(await pushed(world, 'latest')).toBe(digest);
    expect(artefact.parts.map(({ name }) => name)).toEqual(['image app', 'task definition']);
    expect(await world.version()).toBe('v1');
    world.pinned = artefact;
    await world.drive('deploy', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec });
    expect(await world.version()).toBe('two');
  }, 60_000);

  it('is pushed with a password that is in no argument and no result', async () => {
    const world = await open.serviceOf({ count: 1 });
    await write(webProgram({ version: 'v2' }));
    const artefact = await build(world, imageOf(world));
    const [login] = await calls();
    expect(login?.words.slice(0, 4)).toEqual(['login', '--username', 'AWS', '--password-stdin']);
    expect(login?.stdin).not.toBe('');
    const said = JSON.stringify([(await calls()).map(({ words }) => words), artefact]);
    expect(said).not.toContain(login?.stdin);
  }, 60_000);

  it('may be pushed by any command: the digest that ECR answers afterwards counts', async () => {
    const world = await open.serviceOf({ count: 1 });
    await write(webProgram({ version: 'v2' }));
    const script = `${docker} build --tag "$IMAGE" . && ${docker} push "$IMAGE"`;
    const spec = imageOf(world, { push: false, build: { command: ['sh', '-c', script] } });
    const artefact = await build(world, spec);
    expect(artefact.location).toContain(`@${await pushed(world, 'v2')}`);
  }, 60_000);

  it('fails where nothing was pushed', async () => {
    const world = await open.serviceOf({ count: 1 });
    const spec = imageOf(world, { push: false, build: { command: ['true'] } });
    await expect(build(world, spec)).rejects.toMatchObject({ kind: 'failed', message: expect.stringContaining(':v2') });
  }, 60_000);

  it('fails with the last words of a build that fails', async () => {
    const world = await open.serviceOf({ count: 1 });
    await expect(build(world, imageOf(world))).rejects.toMatchObject({
      kind: 'failed',
      details: { evidence: expect.stringContaining('program.mjs') },
    });
  }, 60_000);

  it('is refused where an immutable tag means other bytes, and taken where it means the same', async () => {
    const world = await open.serviceOf({ count: 1 });
    await lock(world);
    await write(webProgram({ version: 'v2' }));
    const spec = imageOf(world);
    const artefact = await build(world, spec);
    expect(await build(world, spec, 'bbbbbbbb-2222-4222-8222-222222222222')).toEqual(artefact);
    await write(webProgram({ version: 'other' }));
    await expect(build(world, spec, 'cccccccc-3333-4333-8333-333333333333')).rejects.toMatchObject({
      kind: 'refused',
      details: { remedy: expect.stringContaining('release another version') },
    });
    expect(await pushed(world, 'v2')).toBe(artefact.location?.split('@')[1]);
  }, 60_000);

  it('may be there already, and is pinned', async () => {
    const world = await open.serviceOf({ count: 1 });
    const there = await world.push('v2');
    expect((await build(world, world.specOf({ image: there.reference }))).location).toBe(there.pinned);
    expect((await build(world, world.specOf({ image: there.pinned }))).location).toBe(there.pinned);
    await expect(build(world, world.specOf({ image: 'nginx:1' }))).rejects.toMatchObject({ kind: 'invalid-input' });
    await expect(build(world, world.specOf({ image: there.reference.replace(':v2', ':v9') }))).rejects.toMatchObject({
      kind: 'not-found',
    });
  }, 60_000);

  it('FR-07 is put into the container of a task definition from a file, whose other words count', async () => {
    const world = await open.serviceOf({ count: 1 });
    const there = await world.push('v2');
    const file = join(source, 'task-definition.json');
    const container = {
      name: 'app',
      image: 'replaced',
      portMappings: [{ containerPort: 3000 }],
      environment: [{ name: 'RELEASE', value: '${version}' }],
    };
    await writeFile(
      file,
      JSON.stringify({ family: world.name, cpu: '256', memory: '512', containerDefinitions: [container] }),
    );
    const spec = world.specOf({ image: there.reference, taskDefinition: file });
    world.pinned = await build(world, spec);
    await world.drive('deploy', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec });
    const answer = await fetch(`${world.url}/environment?name=RELEASE`);
    expect([await world.version(), await answer.json()]).toEqual(['v2', { value: 'v2' }]);
  }, 60_000);

  it('is not deployed with a file that changed after it was approved', async () => {
    const world = await open.serviceOf({ count: 1 });
    const there = await world.push('v2');
    const file = join(source, 'task-definition.json');
    const definition = (memory: string) =>
      JSON.stringify({ family: world.name, cpu: '256', memory, containerDefinitions: [{ name: 'app', image: 'x' }] });
    await writeFile(file, definition('512'));
    const spec = world.specOf({ image: there.reference, taskDefinition: file });
    world.pinned = await build(world, spec);
    await writeFile(file, definition('1024'));
    await expect(world.drive('deploy', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec })).rejects.toMatchObject({
      kind: 'changed',
    });
    expect(world.effects()).toEqual([]);
  }, 60_000);

  it('says at the survey that the bytes of the way back are gone', async () => {
    const world = await open.serviceOf({ count: 1 });
    await new ECRClient(open.aws.direct).send(
      new BatchDeleteImageCommand({ repositoryName: world.name, imageIds: [{ imageDigest: world.first.digest }] }),
    );
    const { findings } = await awsEcs.survey(world.call('survey'));
    const failed = findings.filter(({ status }) => status === 'FAIL');
    expect(failed.map(({ what }) => what)).toEqual([expect.stringContaining('no longer in ECR')]);
    expect(failed[0]?.remedy).toContain('push it again');
  }, 60_000);
});
