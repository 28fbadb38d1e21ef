import { RDSClient } from '@aws-sdk/client-rds';
import { type Clients, clientsOf } from '../../aws/client.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';

/** `read` repeats what fails for a moment; `write` repeats only what certainly had no effect. */
export function rdsOf({ region, endpoint, profile }: AwsRdsSpec): Clients<RDSClient> {
  return clientsOf('rds', { region, endpoint, profile }, (config) => new RDSClient(config));
}
