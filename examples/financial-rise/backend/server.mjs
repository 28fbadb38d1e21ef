// The backend: accounts, assessments, reports as PDF, and what administrators see.
import { createHmac, randomUUID, scryptSync } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';

const { PORT = '3000', VERSION = 'v0.0.0', DATABASE_URL, MAIL_URL } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 4, connectionTimeoutMillis: 2_000 });
// A connection that breaks while nobody uses it is replaced by the next one.
pool.on('error', (error) => console.log(`WARN idle connection lost: ${error.message}`));

const hash = (password) => scryptSync(String(password), 'financial-rise', 32).toString('hex');
const one = async (text, values) => (await pool.query(text, values)).rows[0];
class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Every task of the service reads the tokens of every other one. */
const { SESSION_KEY = DATABASE_URL ?? '' } = process.env;
const sign = (text) => createHmac('sha256', SESSION_KEY).update(text).digest('base64url');

function tokenOf(user) {
  const text = Buffer.from(JSON.stringify(user)).toString('base64url');
  return `${text}.${sign(text)}`;
}

function sessionOf(request) {
  const [text = '', signature] = (request.headers.authorization ?? '').replace('Bearer ', '').split('.');
  if (sign(text) !== signature) throw new Refused(401, 'log in first');
  return JSON.parse(Buffer.from(text, 'base64url'));
}

function adminOf(request) {
  const found = sessionOf(request);
  if (found.role !== 'admin') throw new Refused(403, 'for administrators');
  return found;
}

/** Tells whoever sends mails; without one the mail is a line of the log. */
async function mail(to, subject, text) {
  if (MAIL_URL === undefined) return console.log(`mail: ${subject}`);
  await fetch(MAIL_URL, { method: 'POST', body: JSON.stringify({ to, subject, text }) });
}

function pdf(title) {
  const text = `BT /F1 18 Tf 72 720 Td (${title}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  return `%PDF-1.4\n${objects.map((body, index) => `${index + 1} 0 obj\n${body}\nendobj\n`).join('')}trailer << /Root 1 0 R >>\n%%EOF\n`;
}

const routes = {
  'GET /health': async () => {
    await pool.query('SELECT 1');
    return { status: 'healthy', timestamp: new Date().toISOString() };
  },
  'GET /version': () => ({ version: VERSION }),
  'POST /v1/register': async ({ body }) => {
    const token = randomUUID();
    await one('INSERT INTO users (email, password, token) VALUES ($1, $2, $3)', [
      body.email,
      hash(body.password),
      token,
    ]);
    await mail(body.email, 'Verify your address', `/v1/verify?token=${token}`);
    return { registered: body.email, ...(MAIL_URL === undefined ? { token } : {}) };
  },
  'GET /v1/verify': async ({ query }) => {
    const user = await one('UPDATE users SET verified = true WHERE token = $1 RETURNING email', [query.get('token')]);
    if (user === undefined) throw new Refused(404, 'no such token');
    return { verified: user.email };
  },
  'POST /v1/login': async ({ body }) => {
    const user = await one('SELECT id, role FROM users WHERE email = $1 AND password = $2 AND verified', [
      body.email,
      hash(body.password),
    ]);
    if (user === undefined) throw new Refused(401, 'unknown, or not verified');
    return { token: tokenOf(user), role: user.role };
  },
  'GET /v1/questions': async () => (await pool.query('SELECT id, wording FROM questions ORDER BY id')).rows,
  'GET /v1/assessments': async ({ request }) =>
    (await pool.query('SELECT id, status FROM assessments WHERE consultant = $1 LIMIT 100', [sessionOf(request).id]))
      .rows,
  'POST /v1/assessments': async ({ request, body }) => {
    const link = randomUUID();
    const { id } = await one('INSERT INTO assessments (consultant, client, link) VALUES ($1, $2, $3) RETURNING id', [
      sessionOf(request).id,
      body.client,
      link,
    ]);
    await mail(body.client, 'An assessment waits for you', `/v1/answers?link=${link}`);
    return { id, link };
  },
  'POST /v1/answers': async ({ query, body }) => {
    const found = await one('SELECT id FROM assessments WHERE link = $1', [query.get('link')]);
    if (found === undefined) throw new Refused(404, 'no such assessment');
    for (const [question, value] of Object.entries(body)) {
      await one('INSERT INTO answers VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [found.id, question, value]);
    }
    await one(`UPDATE assessments SET status = 'complete' WHERE id = $1`, [found.id]);
    return { status: 'complete' };
  },
  'POST /v1/reports/generate': async ({ request, body }) => {
    sessionOf(request);
    const { id } = await one('INSERT INTO reports (assessment, reader) VALUES ($1, $2) RETURNING id', [
      body.assessment,
      body.reader,
    ]);
    return { id, url: `/v1/reports?id=${id}` };
  },
  'GET /v1/reports': async ({ request, query }) => {
    sessionOf(request);
    const report = await one('SELECT reader FROM reports WHERE id = $1', [query.get('id')]);
    if (report === undefined) throw new Refused(404, 'no such report');
    return Buffer.from(pdf(`Report for the ${report.reader}`));
  },
  'GET /v1/admin/users': async ({ request }) =>
    adminOf(request) && (await pool.query('SELECT id, email, role FROM users ORDER BY id LIMIT 100')).rows,
  'GET /v1/admin/assessments': async ({ request }) =>
    adminOf(request) && (await pool.query('SELECT id, status FROM assessments ORDER BY id LIMIT 100')).rows,
};

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  try {
    const route = routes[`${request.method} ${pathname}`];
    if (route === undefined) throw new Refused(404, 'there is nothing here');
    const answer = await route({ request, query, body: await bodyOf(request) });
    const isFile = Buffer.isBuffer(answer);
    response.writeHead(200, { 'content-type': isFile ? 'application/pdf' : 'application/json' });
    response.end(isFile ? answer : JSON.stringify(answer));
  } catch (error) {
    const status = error instanceof Refused ? error.status : 500;
    if (status === 500) console.log(`ERROR ${request.method} ${pathname}: ${error.message}`);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: error instanceof Refused ? error.message : 'something broke' }));
  }
});

server.listen(Number(PORT), process.env.HOST ?? '0.0.0.0', () => console.log(`Server started on port ${PORT}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
