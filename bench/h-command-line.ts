import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findTemporalCli } from '../src/dev/temporal-cli.ts';
import type { Measurement } from './measurement.ts';
import { compared } from './outcome.ts';
import { inPairs, timed } from './pairs.ts';

const run = promisify(execFile);
const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
/** As an installed package starts; `bin/savepoint.js` in a clone looks first whether it has to build. */
const program = at('dist/cli/main.js');
const plan = at('examples/demo-shop/release.yaml');

function node(...words: string[]): Promise<number> {
  return timed(() => run(process.execPath, words));
}

/** (h) How long a command takes that only starts, and one that reads a whole plan. */
export const commandLine: Measurement = async ({ quick }) => {
  const count = quick ? 1 : 25;
  const nothing = (): Promise<number> => node('-e', '0');
  const validate = await inPairs(count, { ours: () => node(program, 'validate', plan), peer: nothing });
  const version = await inPairs(count, { ours: () => node(program, '--version'), peer: nothing });
  const found = await findTemporalCli();
  const temporal = Array.isArray(found) ? null : found.path;
  const other =
    temporal === null
      ? null
      : await inPairs(count, {
          ours: () => node(program, '--version'),
          peer: () => timed(() => run(temporal, ['--version'])),
        });
  return {
    ...compared('savepoint validate of the demo shop, against node -e 0', 'ms', validate),
    id: 'h',
    target: null,
    met: null,
    also: [
      compared('savepoint --version, against node -e 0', 'ms', version),
      ...(other === null ? [] : [compared('savepoint --version, against temporal --version', 'ms', other)]),
    ],
    notes: [`medians of ${validate.pairs} interleaved pairs of whole processes, with the file cache warm`],
  };
};
