/**
 * One listener per service, like the load balancer before an ECS service: its address stays while tasks come and go. Reads
 * lines `{service, targets}` from stdin, answers `{service, port}` once per service on stdout. Ends with stdin.
 */
import { createServer, request } from 'node:http';
import { createInterface } from 'node:readline';

const services = new Map();

function listen(service) {
  const state = { targets: [], turn: 0 };
  services.set(service, state);
  const server = createServer((incoming, outgoing) => forward(state, incoming, outgoing));
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ service, port: server.address().port })}\n`);
  });
  return state;
}

/** 503 without a healthy target and 502 when a target breaks off, as an Application Load Balancer answers. */
function forward(state, incoming, outgoing) {
  const port = state.targets[state.turn++ % Math.max(1, state.targets.length)];
  if (port === undefined) return refuse(outgoing, 503, 'Service Temporarily Unavailable');
  const { method, url, headers } = incoming;
  const outward = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers));
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.destroy());
  });
  outward.on('error', () => refuse(outgoing, 502, 'Bad Gateway'));
  outgoing.on('close', () => outward.destroy());
  incoming.pipe(outward);
}

function withoutHops(headers) {
  const { connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...rest } = headers;
  return rest;
}

function refuse(outgoing, status, text) {
  if (outgoing.headersSent) outgoing.destroy();
  else outgoing.writeHead(status, { 'content-type': 'text/plain' }).end(`${status} ${text}`);
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { service, targets } = JSON.parse(line);
  const state = services.get(service) ?? listen(service);
  state.targets = targets;
});
lines.on('close', () => process.exit(0));
