/** The application as a process, by the variables of the runbook; BLOSSOM_FAULTS is JSON of what is wrong with it. */
import { testSecrets } from '../app.ts';
import { startBlossom } from './app.ts';

const { env } = process;
const app = await startBlossom({
  databaseUrl: env.DATABASE_URL ?? '',
  redisUrl: env.REDIS_URL ?? '',
  port: Number(env.PORT ?? 0),
  version: env.VERSION ?? 'v1',
  secrets: {
    ...testSecrets,
    jwt: env.JWT_SECRET ?? testSecrets.jwt,
    shopify: env.WEBHOOK_HMAC_SECRET ?? testSecrets.shopify,
  },
});
Object.assign(app.blossom.faults, JSON.parse(env.BLOSSOM_FAULTS ?? '{}'));
process.stdout.write(`listening on ${app.url}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await app.stop();
    process.exit(0);
  });
}
