import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ClientFailure } from './failures.ts';

/** Left out: what `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE` and `temporal.toml` say. */
export type ConnectOptions = { address?: string; namespace?: string; identity?: string };

type Configured = ReturnType<typeof loadClientConnectConfig>;

/** Where Temporal is and how to get in; made for clients and workers alike. `connection` may hold credentials. */
export type Settings = { connection: Configured['connectionOptions'] & { address: string }; namespace: string };

const defaultAddress = 'localhost:7233';

/** Reads `temporal.toml` and the `TEMPORAL_*` variables, as all tools of Temporal do. @throws ClientFailure */
export function connectionSettings(options: ConnectOptions = {}): Settings {
  const { connectionOptions, namespace } = configured();
  const address = options.address ?? connectionOptions.address ?? defaultAddress;
  return { connection: { ...connectionOptions, address }, namespace: options.namespace ?? namespace ?? 'default' };
}

function configured(): Configured {
  const profile = process.env.TEMPORAL_PROFILE;
  try {
    return loadClientConnectConfig(profile === undefined ? {} : { profile });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = 'Check temporal.toml and the TEMPORAL_* variables.';
    throw new ClientFailure('unreachable', `the settings of the connection to Temporal cannot be read: ${why}`, remedy);
  }
}
