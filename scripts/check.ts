/** `npm run check`: all that can be said about the code without running releases. Runs everything, then says what failed. */
import { spawn } from 'node:child_process';

type Result = { name: string; ok: boolean; output: string; seconds: number };

const bin = (name: string): string => `node_modules/.bin/${name}`;
const script = (...words: string[]): string[] => [process.execPath, '--import', 'tsx', ...words];

const checks: { name: string; command: string[] }[] = [
  { name: 'types', command: [bin('tsc')] },
  {
    name: 'lint and format',
    command: [bin('biome'), 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=100', '.'],
  },
  { name: 'lockfile', command: [process.execPath, 'scripts/complete-lockfile.mjs', '--check'] },
  { name: 'walls', command: script('scripts/walls.ts') },
  { name: 'generated docs', command: script('scripts/docs-configuration.ts', '--check') },
  { name: 'replay', command: [bin('vitest'), 'run', 'tests/replay.test.ts'] },
];

function run(name: string, command: readonly string[]): Promise<Result> {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    const end = (ok: boolean): void => resolve({ name, ok, output, seconds: (Date.now() - started) / 1000 });
    child.once('error', (error) => {
      output += error.message;
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

const failed: string[] = [];
for (const { name, command } of checks) {
  const { ok, output, seconds } = await run(name, command);
  console.log(`${ok ? ' ok ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`);
  if (!ok) {
    failed.push(name);
    console.log(output);
  }
}
if (failed.length > 0) console.log(`check: failed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
