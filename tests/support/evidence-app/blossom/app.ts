import { type EvidenceApp, startEvidenceApp, testSecrets } from '../app.ts';
import type { Secrets } from '../request.ts';
import { campaignRoutes } from './campaigns.ts';
import { discountRoutes } from './discounts.ts';
import { measured, operationRoutes } from './operations.ts';
import { reportRoutes } from './reports.ts';
import { type Addresses, type Blossom, openBlossom } from './stores.ts';
import { templateRoutes } from './templates-route.ts';
import { webhookRoutes } from './webhooks.ts';

/** The application with a database, queues and a cache. `faults` are those of the light part. */
export type BlossomApp = EvidenceApp & { blossom: Blossom };

type Options = Addresses & { port?: number; secrets?: Secrets; version?: string };

export async function startBlossom({
  port = 0,
  secrets = testSecrets,
  version = 'v1',
  ...addresses
}: Options): Promise<BlossomApp> {
  const blossom = await openBlossom(addresses);
  const more = [
    measured(blossom),
    operationRoutes(blossom, version),
    webhookRoutes(blossom),
    templateRoutes(blossom),
    campaignRoutes(blossom),
    discountRoutes(blossom),
    reportRoutes(blossom),
  ];
  const app = await startEvidenceApp({ port, secrets: { ...secrets }, more });
  const stop = async (): Promise<void> => {
    await app.stop();
    await blossom.close();
  };
  return { ...app, blossom, stop };
}
