import { readFile } from 'node:fs/promises';
import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { TargetFailure } from '../../release/failure.ts';
import { hasCode, pathFrom } from '../shell/files.ts';
import { type Content, contentOf, hashOf, normalised, withImages } from './content.ts';
import { type EcsCall, type Scene, tagsFrom } from './look.ts';
import { revisionOf } from './revisions.ts';

/** What a release runs, but for its image, and the tags that its revision inherits. */
export type Base = { content: Content; tags: Record<string, string> };

/** From the file of the plan, else a copy of what the service is to run now. */
export async function baseOf(call: EcsCall, scene: Scene, version: string): Promise<Base> {
  const { taskDefinition } = call.spec;
  if (taskDefinition !== null) return fileBase(pathFrom(call.home, taskDefinition), taskDefinition, version);
  const { definition, tags } = await revisionOf(
    call,
    scene.primary.taskDefinition ?? scene.service.taskDefinition ?? '',
  );
  return { content: contentOf(definition), tags };
}

/** `${version}` in the file is the version that is released. A file saved from describe-task-definition will do. */
async function fileBase(file: string, named: string, version: string): Promise<Base> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT', 'EISDIR')) throw error;
    throw new TargetFailure('not-found', `there is no file ${named}`, { remedy: 'check `taskDefinition` in the plan' });
  });
  const read = parsed(text.replaceAll('${version}', version), named);
  const inner: unknown = Reflect.get(read, 'taskDefinition');
  const described = typeof inner === 'object' && inner !== null ? inner : read;
  const content = contentOf(described);
  if (typeof content.family !== 'string' || !Array.isArray(content.containerDefinitions)) {
    throw new TargetFailure(
      'invalid-input',
      `${named} is no task definition: it needs family and containerDefinitions`,
    );
  }
  const tags: unknown = Reflect.get(described, 'tags') ?? Reflect.get(read, 'tags');
  return { content, tags: Array.isArray(tags) ? tagsFrom(tags) : {} };
}

function parsed(text: string, named: string): object {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null) return read;
  } catch {
    // Said below: the error of the parser would quote the file.
  }
  throw new TargetFailure('invalid-input', `${named} is no JSON object`);
}

/**
 * The container that gets the image.
 * @throws TargetFailure `invalid-input` when the plan has to say which
 */
export function chooseContainer(content: Content, wanted: string | null): ContainerDefinition & { name: string } {
  const all = content.containerDefinitions ?? [];
  const essential = all.filter(({ essential: needed }) => needed !== false);
  const candidates = wanted === null ? (all.length === 1 ? all : essential) : all.filter(({ name }) => name === wanted);
  const [found] = candidates;
  if (candidates.length === 1 && found?.name !== undefined) return { ...found, name: found.name };
  const names = all.map(({ name }) => name).join(', ');
  const message =
    wanted === null
      ? `${content.family} has ${essential.length} essential containers`
      : `${content.family} has no container ${wanted}`;
  throw new TargetFailure('invalid-input', message, {
    remedy: `say in \`container\` which one gets the image: ${names}`,
  });
}

/** The base with the image of this release in its container. */
export function released(base: Base, container: string | null, image: string): Content {
  return withImages(base.content, { [chooseContainer(base.content, container).name]: image });
}

/** What people approve of a task definition besides the image: the same before and after the image is replaced. */
export function approvedHash(base: Base, container: string | null): string {
  return hashOf(normalised(released(base, container, 'replaced')));
}
