// node journey.mjs registration | assessment | reports | admin: one part of what users do, from end to end. Prints what it
// saw; exit 1 with the reason when something is not as it must be. Everything it writes begins with `smoke-`.
import { randomUUID } from 'node:crypto';

const { API_URL = '', INBOX_URL, ADMIN_PASSWORD } = process.env;
const longestReportMs = 5_000;

async function ask(method, path, { token, body } = {}) {
  const response = await fetch(new URL(path, API_URL), {
    method,
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok)
    throw new Error(`${method} ${path.split('?')[0]} answers ${response.status}: ${bytes.toString().slice(0, 200)}`);
  return response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(bytes) : bytes;
}

/** The link in the newest mail to an address; mails may take a moment. */
async function linkMailedTo(address) {
  for (const giveUpAt = Date.now() + 10_000; Date.now() < giveUpAt; ) {
    const mails = await (await fetch(`${INBOX_URL}?to=${encodeURIComponent(address)}`)).json();
    if (mails.length > 0) return mails.at(-1).text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail arrived for ${address}`);
}

async function newConsultant() {
  const account = { email: `smoke-${randomUUID()}@example.com`, password: randomUUID() };
  await ask('POST', '/v1/register', { body: account });
  await ask('GET', await linkMailedTo(account.email));
  return (await ask('POST', '/v1/login', { body: account })).token;
}

async function completed(token) {
  const client = `smoke-${randomUUID()}@example.com`;
  const { id } = await ask('POST', '/v1/assessments', { token, body: { client } });
  const questions = await ask('GET', '/v1/questions');
  const answers = Object.fromEntries(questions.map((question) => [question.id, 3]));
  const { status } = await ask('POST', await linkMailedTo(client), { body: answers });
  if (status !== 'complete') throw new Error(`the assessment is ${status}`);
  return id;
}

const journeys = {
  registration: async () => {
    await newConsultant();
    return 'registered, verified by mail, logged in';
  },
  assessment: async () => {
    const token = await newConsultant();
    const id = await completed(token);
    const mine = await ask('GET', '/v1/assessments', { token });
    if (!mine.some((each) => each.id === id && each.status === 'complete'))
      throw new Error('the assessment was not kept');
    return 'created, answered through its link, complete';
  },
  reports: async () => {
    const token = await newConsultant();
    const assessment = await completed(token);
    for (const reader of ['consultant', 'client']) {
      const begun = Date.now();
      const { url } = await ask('POST', '/v1/reports/generate', { token, body: { assessment, reader } });
      const pdf = await ask('GET', url, { token });
      if (!pdf.subarray(0, 5).equals(Buffer.from('%PDF-'))) throw new Error(`the report for the ${reader} is no PDF`);
      const ms = Date.now() - begun;
      if (ms > longestReportMs) throw new Error(`the report for the ${reader} took ${ms} ms`);
    }
    return 'both reports were made and downloaded as PDF';
  },
  admin: async () => {
    const body = { email: 'admin@example.com', password: ADMIN_PASSWORD };
    const { token } = await ask('POST', '/v1/login', { body });
    const [users, assessments] = [
      await ask('GET', '/v1/admin/users', { token }),
      await ask('GET', '/v1/admin/assessments', { token }),
    ];
    return `an administrator sees ${users.length} users and ${assessments.length} assessments`;
  },
};

const journey = journeys[process.argv[2] ?? ''];
if (journey === undefined) throw new Error(`known journeys: ${Object.keys(journeys).join(', ')}`);
try {
  console.log(await journey());
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}
