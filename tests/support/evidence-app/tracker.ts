import { json, type Route } from './request.ts';

/** An endpoint that fails on purpose, and the tracker that errors are reported to: found by a search, removed by number. */
export const trackerRoutes: Route = async ({ method, url, body }, response, { state, faults }) => {
  if (method === 'POST' && url.pathname === '/debug/error') {
    const title = `Error: ${body.toString('utf8')}`;
    if (!faults.lostErrors) setTimeout(() => state.reports.push({ id: state.reports.length + 1, title }), 150);
    json(response, 500, { error: 'as asked' });
    return true;
  }
  const query = url.searchParams.get('query') ?? '';
  const id = Number(/^\/tracker\/issues\/(\d+)$/.exec(url.pathname)?.[1]);
  if (method === 'GET' && url.pathname === '/tracker/issues') {
    // It repeats the question, as many do.
    json(response, 200, { query, issues: state.reports.filter(({ title }) => title.includes(query)) });
    return true;
  }
  if (method !== 'DELETE' || Number.isNaN(id)) return false;
  state.reports = state.reports.filter((report) => report.id !== id);
  response.writeHead(204).end();
  return true;
};
