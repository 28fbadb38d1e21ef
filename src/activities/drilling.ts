import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import {
  type Certificate,
  type DrilledCase,
  drilledCase,
  type Judged,
  judgeCertificates,
  shapeOf,
} from '../release/certificate.ts';
import { canonicalJson } from '../release/digest.ts';
import type { Seen } from '../release/drill-status.ts';
import { shortRelease } from '../release/naming.ts';
import type { Plan } from '../release/plan.ts';
import type { ReleaseStatus } from '../release/status.ts';
import { certificateJson, certificateMarkdown } from '../report/certificate.ts';
import { atBoundary } from './boundary.ts';
import { onTarget } from './calling.ts';
import type { CaseInput, CertificatesInput, CertifyInput, ObserveInput, Place } from './inputs.ts';

/** What runs, as people approve it, and where asked for the whole fingerprint. Changes nothing. */
export async function observe(input: ObserveInput): Promise<Seen> {
  return await onTarget(input, async (kind, call, { protect }) => {
    const { running } = await kind.survey(call);
    return protect({ running, fingerprint: input.withContent ? await kind.fingerprint(call) : null });
  });
}

/** Asks a drilled release, which has ended, how its case went. */
export async function readCase({ planned, workflowId, runId }: CaseInput): Promise<DrilledCase> {
  return await atBoundary(async () => {
    const handle = Context.current().client.workflow.getHandle(workflowId, runId);
    return drilledCase(planned, await handle.query<ReleaseStatus>('status'));
  });
}

/** Writes a certificate once; a second attempt writes the same files again. */
export async function certify({
  place,
  plan,
  certificate: facts,
}: CertifyInput): Promise<{ certificate: Certificate; files: string[] }> {
  return await atBoundary(async () => {
    const certificate: Certificate = { ...facts, shape: shapeHash(plan) };
    const folder = folderOf(place);
    await mkdir(folder, { recursive: true });
    const name = `${certificate.endedAt.replaceAll(/[:.]/g, '-')}-${certificate.environment}-${shortRelease(certificate.id)}`;
    const contents = { md: certificateMarkdown(certificate), json: certificateJson(certificate) };
    const files: string[] = [];
    for (const [extension, content] of Object.entries(contents)) {
      const file = join(folder, `${name}.${extension}`);
      await writeFile(`${file}.part`, content);
      await rename(`${file}.part`, file);
      files.push(file);
    }
    return { certificate, files };
  });
}

/** Is there a certificate that opens the gate? Files that are none are passed over. */
export async function readCertificates({ place, plan, withinMs, nowMs }: CertificatesInput): Promise<Judged> {
  return await atBoundary(async () => {
    return judgeCertificates(await certificatesIn(folderOf(place)), { shape: shapeHash(plan), nowMs, withinMs });
  });
}

async function certificatesIn(folder: string): Promise<Certificate[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const read = names
    .filter((name) => name.endsWith('.json'))
    .map(async (name) => parsed(await readFile(join(folder, name), 'utf8')));
  return (await Promise.all(read)).filter((each) => each !== null);
}

function parsed(text: string): Certificate | null {
  try {
    const value: unknown = JSON.parse(text);
    return isCertificate(value) ? value : null;
  } catch {
    return null;
  }
}

function isCertificate(value: unknown): value is Certificate {
  if (typeof value !== 'object' || value === null) return false;
  const wanted = ['shape', 'endedAt', 'passed', 'complete', 'cases'];
  return 'schemaVersion' in value && value.schemaVersion === 1 && wanted.every((key) => key in value);
}

/** One folder for all environments: a drill in staging counts for production. */
function folderOf({ records, application }: Place): string {
  return join(records, application, 'drills');
}

function shapeHash(plan: Plan): string {
  return createHash('sha256')
    .update(canonicalJson(shapeOf(plan)))
    .digest('hex');
}
