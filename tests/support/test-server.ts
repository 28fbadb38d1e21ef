import { spawn } from 'node:child_process';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../src/dev/cache.ts';
import { downloadWithSdk } from '../../src/dev/sdk-download.ts';
import { onPath, shortly } from '../../src/dev/temporal-cli.ts';
import type { Tool } from './tools.ts';

const version = '1.38.0';

function home(): string {
  return join(cacheDirectory(), `temporal-test-server-${version}`);
}

function executable(): string {
  return join(home(), 'temporal-test-server');
}

/** The time-skipping server where `ensureTestServer` left it. */
export async function findTestServer(): Promise<Tool> {
  const path = await onPath('temporal-test-server', { PATH: home() });
  return path === null
    ? { missing: 'the time-skipping server is not installed; run node scripts/setup.mjs test' }
    : { path };
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>savepoint</groupId><artifactId>test-server</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>
`;

/**
 * The SDK kills this script and not Java behind it, and a killed test kills neither: so a watcher ends Java when the
 * script or its parent is gone.
 */
const script = `#!/bin/sh
here=$(dirname "$0")
parent=$PPID
java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$here/lib/*" io.temporal.testserver.TestServer "$@" &
server=$!
trap 'kill "$server"; exit 0' TERM INT
(while kill -0 "$parent" 2>/dev/null && kill -0 $$ 2>/dev/null && kill -0 "$server" 2>/dev/null; do sleep 0.5; done
 kill -KILL "$server" 2>/dev/null) </dev/null >/dev/null 2>&1 &
wait "$server"
`;

async function fromMaven(): Promise<void> {
  const maven = await onPath('mvn');
  if (maven === null || (await onPath('java')) === null) throw new Error('mvn and java are needed on PATH');
  const directory = `${home()}-${process.pid}`;
  await mkdir(directory, { recursive: true });
  try {
    await writeFile(join(directory, 'pom.xml'), pom);
    const words = ['-q', '-B', '-f', join(directory, 'pom.xml'), 'dependency:copy-dependencies'];
    await new Promise<void>((resolve, reject) => {
      const child = spawn(maven, [...words, `-DoutputDirectory=${join(directory, 'lib')}`], {
        stdio: ['ignore', 2, 2],
      });
      child.once('error', reject);
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`mvn ended with ${code}`))));
    });
    await writeFile(join(directory, 'temporal-test-server'), script);
    await chmod(join(directory, 'temporal-test-server'), 0o755);
    await rm(home(), { recursive: true, force: true });
    await rename(directory, home());
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Finds the time-skipping server or installs it into the cache: the SDK's own download, else its Maven artefacts. */
export async function ensureTestServer(): Promise<Tool> {
  const found = await findTestServer();
  if (!('missing' in found)) return found;
  const tried: string[] = [];
  const ways: [string, () => Promise<void>][] = [
    ['the download of the Temporal SDK', () => downloadWithSdk('time-skipping', executable())],
    [`Maven, io.temporal:temporal-test-server:${version}`, fromMaven],
  ];
  for (const [way, install] of ways) {
    const problem = await install().then(() => null, shortly);
    if (problem === null) return findTestServer();
    tried.push(`${way}: ${problem}`);
  }
  return { missing: `the time-skipping server cannot be had, because of ${tried.join('; ')}` };
}
