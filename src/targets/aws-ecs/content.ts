import { createHash } from 'node:crypto';
import type { RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import type { Json } from '../../release/json.ts';
import { parseImage, pinnedImage, repositoryOf } from './images.ts';

/** What can be registered, without tags: those belong to a revision and not to what it runs. */
export type Content = Omit<RegisterTaskDefinitionCommandInput, 'tags'>;

/** What DescribeTaskDefinition answers and RegisterTaskDefinition does not take (botocore model of ECS, TaskDefinition). */
const answered = new Set([
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
  'tags',
]);

/** A described task definition, or a file as people have it, as something that can be registered. */
export function contentOf(described: object): Content {
  const entries = Object.entries(described).filter(([name, value]) => !answered.has(name) && value !== undefined);
  return Object.fromEntries(entries) as unknown as Content;
}

/** The same with other images. `images`: container name → reference. */
export function withImages(content: Content, images: Readonly<Record<string, string>>): Content {
  const containerDefinitions = (content.containerDefinitions ?? []).map((container) => {
    const image = images[container.name ?? ''];
    return image === undefined ? container : { ...container, image };
  });
  return { ...content, containerDefinitions };
}

/** The same with every image named by the digest that is known of it. `digests`: container name → digest. */
export function withDigests(content: Content, digests: Readonly<Record<string, string>>): Content {
  const images = (content.containerDefinitions ?? []).flatMap(({ name = '', image = '' }) => {
    const digest = digests[name];
    return digest === undefined ? [] : [[name, pinnedImage(image, digest)] as const];
  });
  return withImages(content, Object.fromEntries(images));
}

/** Order means something here. */
const ordered = new Set(['command', 'entryPoint']);

/** What ECS fills in when nothing is said (API reference, ContainerDefinition and PortMapping), so saying it is no difference. */
const defaults: Readonly<Record<string, unknown>> = {
  cpu: 0,
  essential: true,
  protocol: 'tcp',
  hostPort: 0,
  enableFaultInjection: false,
  versionConsistency: 'enabled',
};

function plain(name: string, value: unknown): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => plain('', item));
    return ordered.has(name) ? items : items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value === 'object' && value !== null) return plainObject(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function plainObject(value: object): { [name: string]: Json } {
  const entries = Object.entries(value)
    .map(([name, inner]) => [name, plain(name, inner)] as const)
    .filter(([name, inner]) => inner !== null && inner !== defaults[name] && !isEmpty(inner));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** In these modes a host port is always the container port. */
function withoutHostPorts(content: Content): Content {
  if (content.networkMode !== 'awsvpc' && content.networkMode !== 'host') return content;
  const containerDefinitions = (content.containerDefinitions ?? []).map((container) => ({
    ...container,
    portMappings: (container.portMappings ?? []).map(({ hostPort: _, ...mapping }) => mapping),
  }));
  return { ...content, containerDefinitions };
}

/** Equal texts mean the same task definition, whatever order people and AWS write it in. */
export function normalised(content: Content): string {
  return JSON.stringify(plain('', withoutHostPorts(content)));
}

export function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Hash of all but the images' tags and digests and the environment: those are told apart from it. */
export function shapeHash(content: Content): string {
  const containerDefinitions = (content.containerDefinitions ?? []).map((container) => {
    const { environment: _e, environmentFiles: _f, secrets: _s, ...rest } = container;
    return { ...rest, image: repositoryOf(parseImage(container.image ?? '')) };
  });
  return hashOf(normalised({ ...content, containerDefinitions }));
}

/** Values of the environment may be secret: only a hash of them is ever kept. References to secrets are in it by name. */
export function environmentHash(content: Content): string {
  const said = (content.containerDefinitions ?? []).map(({ name, environment, environmentFiles, secrets }) => {
    return plainObject({ name, environment, environmentFiles, secrets });
  });
  return hashOf(JSON.stringify(said.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))));
}

/** Container → names of its environment variables, secrets as `NAME ← reference`. Never a value. */
export function environmentNames(content: Content): Record<string, string[]> {
  const named = (content.containerDefinitions ?? []).map(({ name = '', environment = [], secrets = [] }) => {
    const plainNames = environment.map((entry) => entry.name ?? '');
    const secretNames = secrets.map((secret) => `${secret.name} ← ${secret.valueFrom}`);
    return [name, [...plainNames, ...secretNames].sort()] as const;
  });
  return Object.fromEntries(named);
}
