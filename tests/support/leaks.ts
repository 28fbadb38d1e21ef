import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

/** Somewhere that outlives a release or is read by people, with all the bytes that are there. */
export type Place = { name: string; bytes: Buffer };

/**
 * Every text by which `secret` could be known: as it is, and as addresses, forms, JSON, shells, base64 and hex write it.
 * Written without a look at `src/secrets`, which is on trial here.
 */
export function disguises(secret: string): string[] {
  const percent = encodeURIComponent(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const bytes = Buffer.from(secret);
  const found = [
    secret,
    percent,
    percent.replaceAll(/%../g, (code) => code.toLowerCase()),
    encodeURI(secret),
    percent.replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`),
    new URLSearchParams([['', secret]]).toString().slice(1),
    json,
    JSON.stringify(json).slice(1, -1),
    secret.replaceAll("'", `'\\''`),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    secret.replaceAll(/[\\`*_[\]<>|#~]/g, '\\$&'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64(bytes),
  ];
  return [...new Set(found)];
}

/** Base64 of the bytes wherever they begin in something longer; characters that depend on the neighbours are left out. */
function base64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const inner = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    const text = inner.slice(from, to);
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

export type Leak = { secret: string; place: string; around: string };

/** The two halves of every secret, of which one is seen where a text was cut. */
export function halvesOf(secrets: Record<string, string>): Record<string, string> {
  const entries = Object.entries(secrets).flatMap(([name, secret]) => {
    const middle = Math.floor(secret.length / 2);
    return [
      [`beginning of the ${name}`, secret.slice(0, middle)],
      [`end of the ${name}`, secret.slice(-middle)],
    ];
  });
  return Object.fromEntries(entries);
}

/** Each secret in each place, at most once, with the bytes around it. Keys of `secrets` name them. */
export function leaksIn(places: readonly Place[], secrets: Record<string, string>): Leak[] {
  return places.flatMap(({ name, bytes }) =>
    Object.entries(secrets).flatMap(([secret, value]) => {
      const at = disguises(value)
        .map((form) => bytes.indexOf(form))
        .find((index) => index >= 0);
      if (at === undefined) return [];
      const around = bytes.subarray(Math.max(0, at - 120), at + 120).toString('utf8');
      return [{ secret, place: name, around: around.replaceAll(/\p{Cc}+/gu, ' ') }];
    }),
  );
}

export function textPlace(name: string, text: string): Place {
  return { name, bytes: Buffer.from(text) };
}

/** All files below a directory, `skip` left out. */
export async function filesBelow(directory: string, skip: RegExp = /$^/): Promise<Place[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(
    files.filter((file) => !skip.test(file)).map(async (name) => ({ name, bytes: await readFile(name) })),
  );
}

/** Everything that Temporal tells of every release: history as stored and decoded, description, details, status. */
export async function toldByTemporal(client: Client): Promise<Place[]> {
  const places: Place[] = [];
  for await (const run of client.workflow.list()) places.push(...(await toldOf(client, run)));
  return places;
}

async function toldOf(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<Place[]> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const stored = historyToJSON(await handle.fetchHistory());
  const description = await handle.describe();
  const metadata = await handle.query('__temporal_workflow_metadata');
  const told = {
    history: stored,
    'history, decoded': JSON.stringify(decoded(JSON.parse(stored)), null, 1),
    description: JSON.stringify([description.memo, description.searchAttributes, description.raw], null, 1),
    'fixed text': `${await description.staticSummary()}\n${await description.staticDetails()}`,
    details: JSON.stringify(metadata),
    status: JSON.stringify(await handle.query('status'), null, 1),
  };
  return Object.entries(told).map(([name, text]) => textPlace(`${workflowId} ${name}`, text));
}

/** Payloads of a history in protobuf's JSON carry base64; everything that decodes to text is decoded. */
function decoded(value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'data' && typeof item === 'string' ? Buffer.from(item, 'base64').toString('utf8') : decoded(item),
    ]),
  );
}
