import { json, type Route } from '../request.ts';
import { shopOf } from './guard.ts';
import { countUp } from './metrics.ts';
import type { Blossom } from './stores.ts';
import { render, segmentsOf } from './templates.ts';

/** `POST /templates/preview` with template, variables and strict. */
export function templateRoutes(blossom: Blossom): Route {
  return async (request, response, app) => {
    if (request.url.pathname !== '/templates/preview' || request.method !== 'POST') return false;
    if ((await shopOf(request, response, { app, blossom })) === null) return true;
    const {
      template = '',
      variables = {},
      strict = true,
    } = JSON.parse(request.body.toString('utf8')) as {
      template?: string;
      variables?: Record<string, unknown>;
      strict?: boolean;
    };
    countUp(blossom.metrics, 'sms_template_previews_total');
    const { text, problems } = render(template, variables, { wholeMoney: blossom.faults.brokenFilters });
    if (strict && problems.length > 0 && !blossom.faults.strictModeOff) json(response, 422, { errors: problems });
    else json(response, 200, { text, segments: segmentsOf(text), warnings: problems });
    return true;
  };
}
