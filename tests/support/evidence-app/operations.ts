import { metricsOf } from './metrics.ts';
import { type App, json, type Route } from './request.ts';

const startedAt = Date.now();

/** What runbooks look at: health, counters behind basic authentication, a status page and an uptime service. */
export const operationRoutes: Route = async (request, response, app) => {
  switch (request.url.pathname) {
    case '/health':
      json(response, 200, {
        status: 'ok',
        database: 'connected',
        uptime: (Date.now() - startedAt) / 1000,
        security: { hmac: true, jwt: true, rateLimit: !app.faults.noRateLimit },
      });
      return true;
    case '/ops': {
      const wanted = `Basic ${Buffer.from(`ops:${app.secrets.ops}`).toString('base64')}`;
      if (request.headers.authorization !== wanted) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="ops"' }).end();
      } else json(response, 200, countersOf(app));
      return true;
    }
    case '/metrics':
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metricsOf(app));
      return true;
    case '/api/v2/status.json':
      json(response, 200, { page: { name: 'Shop' }, status: app.state.statusPage });
      return true;
    case '/api/v2/summary.json': {
      const { components, ...status } = app.state.statusPage;
      json(response, 200, { page: { name: 'Shop' }, status, components });
      return true;
    }
    case '/uptime':
      json(response, 200, { monitors: [{ name: 'shop', ...app.state.uptime }] });
      return true;
    default:
      return false;
  }
};

function countersOf({ state }: App): object {
  return {
    requests: state.requests,
    webhooks: state.events.length,
    lastEvent: state.events.at(-1)?.id ?? null,
    tokenValid: true,
    at: new Date().toISOString(),
  };
}
