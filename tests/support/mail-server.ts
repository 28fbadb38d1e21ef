import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../src/dev/cache.ts';
import { startGuarded } from '../../src/dev/guarded.ts';
import { freePort } from '../../src/dev/ports.ts';
import { onPath, shortly } from '../../src/dev/temporal-cli.ts';
import { isMissing, type Tool } from './tools.ts';

/** GreenMail: a mail server with SMTP and IMAP in one Java program, fetched by Maven. */
const version = '2.1.3';
const name = 'greenmail-standalone';

function home(): string {
  return join(cacheDirectory(), `greenmail-${version}`);
}

export async function findMailServer(): Promise<Tool> {
  const path = join(home(), `${name}-${version}.jar`);
  const isThere = await open(path).then(
    (file) => file.close().then(() => true),
    () => false,
  );
  if (isThere && (await onPath('java')) !== null) return { path };
  return { missing: 'there is no GreenMail, or no java; run node scripts/setup.mjs test' };
}

/** As `findMailServer`; where it is missing it is fetched with Maven, which needs no root. */
export async function ensureMailServer(): Promise<Tool> {
  const found = await findMailServer();
  if (!isMissing(found)) return found;
  const problem = await fromMaven().then(() => null, shortly);
  return problem === null
    ? await findMailServer()
    : { missing: `${found.missing}; it could not be fetched: ${problem}` };
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>savepoint</groupId><artifactId>mail-server</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>com.icegreen</groupId><artifactId>${name}</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>
`;

async function fromMaven(): Promise<void> {
  const maven = await onPath('mvn');
  if (maven === null) throw new Error('mvn is needed on PATH');
  const draft = `${home()}-${process.pid}`;
  await mkdir(draft, { recursive: true });
  try {
    await writeFile(join(draft, 'pom.xml'), pom);
    const words = ['-q', '-B', '-f', join(draft, 'pom.xml'), 'dependency:copy-dependencies'];
    await new Promise<void>((resolve, reject) => {
      const child = spawn(maven, [...words, `-DoutputDirectory=${draft}`], { stdio: ['ignore', 2, 2] });
      child.once('error', reject);
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`mvn ended with ${code}`))));
    });
    await rm(home(), { recursive: true, force: true });
    await rename(draft, home());
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

export type MailServer = { smtp: string; imap: string; user: string; password: string; stop(): Promise<void> };

/**
 * A mail server on ports of its own that keeps everything in memory and ends with the process that started it. Its one
 * mailbox gets what is sent to `user`.
 * @throws Error when there is none; ask `findMailServer` first and skip with its reason
 */
export async function startMailServer(): Promise<MailServer> {
  const found = await findMailServer();
  if (isMissing(found)) throw new Error(found.missing);
  const [user, password] = ['smoke@shop.test', 'mail-password-0007'];
  const [smtp, imap] = [await freePort(), await freePort()];
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-mail-'));
  const settings = [
    `-Dgreenmail.smtp.hostname=127.0.0.1`,
    `-Dgreenmail.smtp.port=${smtp}`,
    `-Dgreenmail.imap.hostname=127.0.0.1`,
    `-Dgreenmail.imap.port=${imap}`,
    `-Dgreenmail.users=smoke:${password}@shop.test`,
    '-Dgreenmail.users.login=email',
    // smoke+anything@shop.test is the same mailbox, as at most providers.
    '-Dgreenmail.sieve.ignore.detail=true',
  ];
  const light = ['-Xmx96m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  const output = await open(join(directory, 'log'), 'a');
  const java = (await onPath('java')) ?? 'java';
  const run = startGuarded(java, [...light, ...settings, '-jar', found.path], { cwd: directory, log: output.fd });
  await output.close();
  const stop = async (): Promise<void> => {
    await run.stop();
    await rm(directory, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 60_000; ; ) {
    if ((await answers(imap)) && (await answers(smtp))) break;
    if (run.hasEnded() || Date.now() > deadline) {
      const said = await readFile(join(directory, 'log'), 'utf8');
      await stop();
      throw new Error(`the mail server did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { smtp: `smtp://127.0.0.1:${smtp}`, imap: `imap://127.0.0.1:${imap}`, user, password, stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.setTimeout(2_000, () => {
      socket.destroy();
      resolve(false);
    });
  });
}
