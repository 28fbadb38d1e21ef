import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type DevServer, startDevServer } from '../../src/dev/temporal.ts';
import { ensureTemporalCli } from '../../src/dev/temporal-cli.ts';
import { searchAttributes } from '../../src/release/search-attributes.ts';
import { startTemporal } from '../support/temporal.ts';

const directory = mkdtempSync(join(tmpdir(), 'savepoint-dev-server-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function answers(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to hold within 15 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the Temporal dev server', () => {
  it('says which port is taken and how to choose another', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await expect(startDevServer({ dataFile: null, port, uiPort: null })).rejects.toThrow(
        `Temporal cannot listen on 127.0.0.1:${port}: the port is taken. Stop what uses it, or choose another with --port.`,
      );
      await expect(startDevServer({ dataFile: null, port: 0, uiPort: port })).rejects.toThrow('another with --ui-port');
    } finally {
      other.close();
    }
  });

  it('that does not start is an error with the end of its log', async () => {
    const started = startDevServer({ dataFile: join(directory, 'x\0y'), port: 0, uiPort: null });
    await expect(started).rejects.toThrow();
    const executable = '/bin/false';
    await expect(startDevServer({ dataFile: null, port: 0, uiPort: null, executable })).rejects.toThrow(
      'ended at once',
    );
  });

  it('does not outlive the program that started it, even one that is killed', async () => {
    const module = join(import.meta.dirname, '../../src/dev/temporal.ts');
    const code = `import { startDevServer } from ${JSON.stringify(module)};
      const server = await startDevServer({ dataFile: null, port: 0, uiPort: null });
      process.stdout.write(server.address + '\\n');
      setInterval(() => {}, 1000);`;
    const words = ['--import', 'tsx', '--input-type=module', '-e', code];
    const parent = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const address = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (chunk) => resolve(String(chunk).trim()));
    });
    expect(await answers(address)).toBe(true);
    parent.kill('SIGKILL');
    await until(async () => !(await answers(address)));
  });

  it('outlives it where that is asked for', async () => {
    const server = await startDevServer({ dataFile: null, port: 0, uiPort: null, keep: true });
    try {
      expect(await answers(server.address)).toBe(true);
    } finally {
      await server.stop();
    }
    expect(await answers(server.address)).toBe(false);
  });

  it('serves its UI and knows all search attributes of a release', async () => {
    const server = await startTemporal({ ui: true });
    try {
      const page = await fetch(server.uiUrl ?? '');
      expect(page.status).toBe(200);
      const { operatorService } = server.client.connection;
      const known = await operatorService.listSearchAttributes({ namespace: 'default' });
      expect(Object.keys(known.customAttributes ?? {})).toEqual(
        expect.arrayContaining(searchAttributes.map(({ name }) => name)),
      );
    } finally {
      await server.stop();
    }
    expect(await answers(server.address)).toBe(false);
  });

  it('keeps its data in the file, adds attributes that an older file lacks, and remembers ends for 90 days', async () => {
    const dataFile = join(directory, 'temporal.db');
    const { path } = await ensureTemporalCli(() => {});
    const old = await startOld(path, dataFile);
    await old.stop();
    const server = await startTemporal({ dataFile });
    try {
      const { operatorService, workflowService } = server.client.connection;
      const known = await operatorService.listSearchAttributes({ namespace: 'default' });
      expect(Object.keys(known.customAttributes ?? {})).toContain('SavepointOutcome');
      const namespace = await workflowService.describeNamespace({ namespace: 'default' });
      expect(Number(namespace.config?.workflowExecutionRetentionTtl?.seconds)).toBe(90 * 24 * 3600);
    } finally {
      await server.stop();
    }
  });
});

/** A data file as made by a version that knew no search attributes: a plain start of the CLI. */
async function startOld(cli: string, dataFile: string): Promise<Pick<DevServer, 'stop'>> {
  const { startGuarded } = await import('../../src/dev/guarded.ts');
  const { freePort } = await import('../../src/dev/ports.ts');
  const port = await freePort();
  const words = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)];
  const server = startGuarded(cli, [...words, '--db-filename', dataFile]);
  await until(() => answers(`127.0.0.1:${port}`));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  return server;
}
