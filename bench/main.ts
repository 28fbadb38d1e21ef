import { parseArgs } from 'node:util';
import type { Growth } from './growth.ts';
import { describeMachine, describeSettings, settingLines } from './machine.ts';
import { chosen, measurements, UnknownMeasurement } from './measurements.ts';
import { alsoLine, lineOf, type Outcome } from './outcome.ts';
import { openScope, type Scope } from './scope.ts';

/**
 * `npm run bench [-- --only d,e] [--json] [--quick]`: measures Savepoint against peers in the same run. Prints machine,
 * settings and a line for each id; `--json` prints one document instead. Exit 1 when a measurement could not be made; a
 * missed target is a result.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const { json, quick } = values;

let scope: Scope = openScope();

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

/** Whatever a measurement started ends before the program does. */
function endOnSignal(signal: 'SIGINT' | 'SIGTERM', code: number): void {
  process.once(signal, () => {
    say('stopping what was started …');
    void scope.close().finally(() => process.exit(code));
  });
}

/** Null when it could not be made, and the reason is on stderr. */
async function measure<T>(name: string, work: (scope: Scope) => Promise<T>): Promise<T | null> {
  scope = openScope();
  const begun = Date.now();
  try {
    return await work(scope);
  } catch (error) {
    say(`${name} could not be measured: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return null;
  } finally {
    await scope.close();
    say(`${name} took ${Math.round((Date.now() - begun) / 1000)} s`);
  }
}

function print(lines: readonly string[]): void {
  if (!json) for (const line of lines) console.log(line);
}

/** Without `forward` the SDK's core would write to stdout, which is for the document. */
async function quietTemporal(): Promise<void> {
  const { DefaultLogger, Runtime } = await import('@temporalio/worker');
  Runtime.install({
    logger: new DefaultLogger('ERROR', ({ message }) => process.stderr.write(`${message}\n`)),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
}

async function main(): Promise<number> {
  const wanted = chosen(values.only);
  if (wanted.temporal) await quietTemporal();
  const machine = await describeMachine();
  const settings = describeSettings(quick);
  print(settingLines(machine, settings));
  const results: Outcome[] = [];
  let failed = 0;
  for (const id of wanted.ids) {
    const found = await measure(id, async (own) => (await measurements[id]())({ scope: own, quick, say }));
    if (found === null) {
      failed += 1;
      continue;
    }
    results.push(found);
    print([lineOf(found), ...found.also.map(alsoLine), ...found.notes.map((note) => `     ${note}`)]);
  }
  const growth = wanted.growth ? await growing() : null;
  if (wanted.growth && growth === null) failed += 1;
  if (json)
    console.log(JSON.stringify({ schemaVersion: 1, machine, settings, results, growth } satisfies Document, null, 2));
  return failed;
}

async function growing(): Promise<Growth | null> {
  const { growthLines, measureGrowth } = await import('./growth.ts');
  const growth = await measure('growth', (own) => measureGrowth({ scope: own, quick, say }));
  print(growth === null ? [] : ['growth of the way back with the rows:', ...growthLines(growth)]);
  return growth;
}

/** What `--json` prints. `growth` is null where it was not measured. */
export type Document = {
  schemaVersion: 1;
  machine: Awaited<ReturnType<typeof describeMachine>>;
  settings: ReturnType<typeof describeSettings>;
  results: Outcome[];
  growth: Growth | null;
};

endOnSignal('SIGINT', 130);
endOnSignal('SIGTERM', 143);
try {
  process.exit((await main()) > 0 ? 1 : 0);
} catch (error) {
  if (!(error instanceof UnknownMeasurement)) throw error;
  say(error.message);
  process.exit(1);
}
