/** The application as a process: `node --import tsx tests/support/evidence-app/main.ts`. Secrets and port by environment. */
import { startEvidenceApp, testSecrets } from './app.ts';

const { env } = process;
const app = await startEvidenceApp({
  port: Number(env.PORT ?? 0),
  secrets: {
    jwt: env.JWT_SECRET ?? testSecrets.jwt,
    shopify: env.WEBHOOK_HMAC_SECRET ?? testSecrets.shopify,
    meta: env.META_APP_SECRET ?? testSecrets.meta,
    github: env.GITHUB_HOOK_SECRET ?? testSecrets.github,
    verifyToken: env.META_VERIFY_TOKEN ?? testSecrets.verifyToken,
    ops: env.OPS_PASSWORD ?? testSecrets.ops,
  },
});
process.stdout.write(`listening on ${app.url}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.stop());
