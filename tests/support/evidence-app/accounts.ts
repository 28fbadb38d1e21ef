import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { sendVerification } from './mailing.ts';
import { type App, fieldsOf, json, type Request, type Route } from './request.ts';
import type { User } from './state.ts';

/** Sign-up with a mailed link, log-in with a form token and a session cookie, and removal of test users. */
export const accountRoutes: Route = async (request, response, app) => {
  switch (`${request.method} ${request.url.pathname}`) {
    case 'POST /register':
      return register(request, response, app);
    case 'GET /verify':
      return verify(request, response, app);
    case 'GET /login':
      return loginForm(response);
    case 'POST /login':
      return login(request, response, app);
    case 'GET /me':
      return me(request, response, app);
    case 'POST /logout':
      app.state.sessions.delete(request.cookies.get('session') ?? '');
      response.writeHead(303, { location: '/', 'set-cookie': 'session=; Max-Age=0; Path=/' }).end();
      return true;
    case 'DELETE /test-users':
      return removeTestUsers(request, response, app);
    default:
      return false;
  }
};

function register(request: Request, response: ServerResponse, { state, faults }: App): true {
  const { email = '', password = '' } = fieldsOf(request);
  if (!email.includes('@') || password.length < 8) json(response, 422, { error: 'e-mail and a password of 8 or more' });
  else if (state.users.has(email)) json(response, 409, { error: 'is registered already' });
  else {
    state.users.set(email, { email, password, tenant: 'shop-a', verified: false });
    const link = `/verify?token=${Buffer.from(email).toString('base64url')}`;
    state.mails.push({ to: email, link });
    sendVerification({ to: email, link: `http://${request.headers.host}${link}` }, { state, faults });
    json(response, 201, { user: { email }, links: { verify: link } });
  }
  return true;
}

function verify(request: Request, response: ServerResponse, { state }: App): true {
  const email = Buffer.from(request.url.searchParams.get('token') ?? '', 'base64url').toString();
  const user = state.users.get(email);
  if (user === undefined) json(response, 404, { error: 'no such link' });
  else {
    user.verified = true;
    response.writeHead(303, { location: '/login' }).end();
  }
  return true;
}

/** The form sets a cookie and a field of the same value; a log-in without both is refused. */
function loginForm(response: ServerResponse): true {
  const token = randomUUID();
  const cookie = `csrf=${token}; Secure; HttpOnly; SameSite=Strict; Path=/login`;
  const page = `<form method="post"><input name="csrf" value="${token}"><input name="email"><input name="password"></form>`;
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'set-cookie': cookie }).end(page);
  return true;
}

function login(request: Request, response: ServerResponse, { state, faults }: App): true {
  const { email = '', password = '', csrf } = fieldsOf(request);
  const user = state.users.get(email);
  if (csrf === undefined || csrf !== request.cookies.get('csrf')) json(response, 403, { error: 'form token' });
  else if (user === undefined || user.password !== password || !user.verified) json(response, 401, { error: 'wrong' });
  else {
    const id = randomUUID();
    state.sessions.set(id, email);
    const flags = faults.plainCookies ? '' : '; Secure; HttpOnly; SameSite=Lax';
    const cookies = [`session=${id}; Path=/${flags}`, 'theme=dark; Path=/; Secure; SameSite=Lax'];
    response.writeHead(303, { location: '/me', 'set-cookie': cookies }).end();
  }
  return true;
}

export function userOf({ cookies }: Request, { state }: App): User | undefined {
  return state.users.get(state.sessions.get(cookies.get('session') ?? '') ?? '');
}

function me(request: Request, response: ServerResponse, app: App): true {
  const user = userOf(request, app);
  if (user === undefined) json(response, 401, { error: 'log in' });
  else json(response, 200, { user: { email: user.email, tenant: user.tenant, roles: ['owner'] } });
  return true;
}

function removeTestUsers(request: Request, response: ServerResponse, { state }: App): true {
  const prefix = request.url.searchParams.get('prefix') ?? '';
  const found = prefix.startsWith('smoke-') ? [...state.users.keys()].filter((email) => email.startsWith(prefix)) : [];
  for (const email of found) state.users.delete(email);
  json(response, 200, { removed: found.length });
  return true;
}
