import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Faults, State } from './state.ts';

export type Secrets = { jwt: string; shopify: string; meta: string; github: string; verifyToken: string; ops: string };

/** What an answer is made from. */
export type Request = {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  cookies: Map<string, string>;
  body: Buffer;
};

export type App = { state: State; faults: Faults; secrets: Secrets };

/** Answers one request; null when it is about something else. */
export type Route = (request: Request, response: ServerResponse, app: App) => Promise<boolean>;

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** A JSON or form body as a record of texts. */
export function fieldsOf({ headers, body }: Request): Record<string, string> {
  const text = body.toString('utf8');
  if (!headers['content-type']?.startsWith('application/json')) return Object.fromEntries(new URLSearchParams(text));
  const value: unknown = JSON.parse(text || '{}');
  return Object.fromEntries(Object.entries(Object(value)).map(([key, field]) => [key, String(field)]));
}
