import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { ClientFailure } from './failures.ts';
import { type ConnectOptions, connectionSettings } from './settings.ts';

/** An open connection. `uiBase` is null where nobody said at which address the Temporal UI is. */
export type Link = {
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
  uiBase: string | null;
};

const connectTimeoutMs = 4000;

/** Connects at once, so that a wrong address is told before anything else happens. @throws ClientFailure `unreachable` */
export async function openLink(options: ConnectOptions): Promise<Link> {
  const { connection: settings, namespace } = connectionSettings(options);
  const { address, tls, apiKey, metadata } = settings;
  try {
    const connection = await Connection.connect({
      address,
      connectTimeout: connectTimeoutMs,
      ...(tls ? { tls } : {}),
      ...(typeof apiKey === 'string' ? { apiKey } : {}),
      ...(metadata ? { metadata } : {}),
    });
    const identity = options.identity === undefined ? {} : { identity: options.identity };
    const client = new Client({ connection, namespace, ...identity });
    return { client, connection, address, namespace, uiBase: uiBase(address) };
  } catch (error) {
    throw unreachable(address, error);
  }
}

/** The failure of a connection, with the address and what to start. */
export function unreachable(address: string, cause: unknown): ClientFailure {
  const local = isLoopback(address);
  const remedy = local
    ? startHere(address)
    : 'Check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS and TEMPORAL_API_KEY, or the profile in temporal.toml.';
  const denied = isGrpcServiceError(cause) && (cause.code === 16 || cause.code === 7);
  const what = denied ? 'refuses these credentials' : 'is not reachable';
  return new ClientFailure('unreachable', `Temporal at ${address} ${what}`, remedy, cause);
}

/** The command that starts one at just this address; a wrong `TEMPORAL_ADDRESS` is as likely. */
function startHere(address: string): string {
  const port = address.slice(address.lastIndexOf(':') + 1);
  if (port === '7233') return 'Start one with: savepoint dev';
  return `Start one with: savepoint dev --port ${port}, or correct TEMPORAL_ADDRESS.`;
}

function isLoopback(address: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]):/.test(address);
}

function uiBase(address: string): string | null {
  const given = process.env.TEMPORAL_UI_URL;
  if (given) return given.replace(/\/+$/, '');
  if (isLoopback(address)) return 'http://localhost:8233';
  return /\.tmprl\.cloud:|\.api\.temporal\.io:/.test(address) ? 'https://cloud.temporal.io' : null;
}

/** Where the Temporal UI shows how a release stands and how to answer it; null where the UI is not known. */
export function uiAddress(link: Pick<Link, 'uiBase' | 'namespace'>, workflowId: string, runId: string): string | null {
  if (link.uiBase === null) return null;
  const path = [link.namespace, 'workflows', workflowId, runId].map((part) => encodeURIComponent(part)).join('/');
  return `${link.uiBase}/namespaces/${path}/user-metadata`;
}
