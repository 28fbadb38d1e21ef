import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { effectsOf, type History, historyOf } from './history.ts';
import { startHost } from './hosts.ts';
import { judge } from './judge.ts';
import { type CrashCase, type Reference, titleOf } from './points.ts';
import { type House, runCase, type Told } from './run-case.ts';
import { type Scene, scenes } from './scenes.ts';
import { type Member, type MortalServer, meeting, startMortalServer } from './server.ts';

/** One line of the table. `wrong`: what did not hold. `late`: effects of lost attempts, which the world refused. */
export type Row = { title: string; ending: string; effects: number; late: number; seconds: number; wrong: string[] };

export type Matrix = {
  references: Reference[];
  /** Runs the cases, several at once, and tells of each when it is over. */
  run(cases: readonly CrashCase[], tell?: (row: Row) => void): Promise<Row[]>;
  close(): Promise<void>;
};

/** A window for a strike during every check. */
const answerMs = 100;

/** Workers wait most of the time, for heartbeats that do not come. */
const atOnce = 8;

/** Starts what all cases share and runs every scene once without a strike. */
export async function openMatrix(): Promise<Matrix> {
  const folder = await mkdtemp(join(tmpdir(), 'savepoint-crash-'));
  const answering = createServer((_, response) => void setTimeout(() => response.end('ok'), answerMs));
  await new Promise<void>((resolve) => answering.listen(0, '127.0.0.1', resolve));
  const listens = answering.address();
  const origin = `http://127.0.0.1:${typeof listens === 'object' ? listens?.port : 0}`;
  const server = await startMortalServer(folder);
  const host = startHost();
  const close = async (): Promise<void> => {
    answering.close();
    answering.closeAllConnections();
    await host.kill();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { address, client } = server;
    const house: House = { address, client, folder, origin, host, bundle: await workflowBundle() };
    const references = await Promise.all(scenes.map((scene, index) => refer(house, scene, index)));
    return { references, run: (cases, tell = () => {}) => runAll({ house, server, references, tell }, cases), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function refer(house: House, scene: Scene, index: number): Promise<Reference> {
  const name = `reference-${index}`;
  const told = await runCase(house, { name, plan: scene.plan(name, house.origin), strike: null, rows: scene.rows });
  const histories = historiesOf(told);
  const wrong = judge(scene, { result: told.result, histories }, effectsOf(histories));
  if (wrong.length > 0) throw new Error(`${scene.name}, without any strike: ${wrong.join('; ')}`);
  const arrived = told.journal.entries('arrived').filter(({ attempt }) => attempt === 1);
  return { scene, steps: told.plan.steps, arrived, result: told.result, histories };
}

function historiesOf({ plan, home }: Told): History[] {
  return plan.targets.map(({ name }) => historyOf(name, join(home, `${name}.world`)));
}

type Running = { house: House; server: MortalServer; references: Reference[]; tell: (row: Row) => void };
type Numbered = { given: CrashCase; number: number };

/** Whoever kills the server disturbs all others: those cases come last, in groups for which it dies once. */
async function runAll(running: Running, cases: readonly CrashCase[]): Promise<Row[]> {
  const numbered = cases.map((given, number) => ({ given, number }));
  const alone = numbered.filter(({ given }) => given.way !== 'server killed');
  const together = numbered.filter(({ given }) => given.way === 'server killed');
  const rows: Row[] = [];
  const runOne = async (each: Numbered, server?: Member): Promise<void> => {
    const row = await runRow(running, each, server);
    rows.push(row);
    running.tell(row);
  };
  const queue = alone.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const each of queue) await runOne(each);
    }),
  );
  for (let at = 0; at < together.length; at += atOnce) {
    const group = together.slice(at, at + atOnce);
    const members = meeting(group.length, running.server.killAndRestart);
    await Promise.all(group.map((each, index) => runOne(each, members[index])));
  }
  return rows;
}

async function runRow({ house, references }: Running, { given, number }: Numbered, server?: Member): Promise<Row> {
  const { scene, point, way } = given;
  const name = `case-${number}`;
  const row = { title: titleOf(given), ending: 'none', effects: 0, late: 0, seconds: 0 };
  const reference = references.find((each) => each.scene === scene);
  try {
    const told = await runCase(house, {
      name,
      plan: scene.plan(name, house.origin),
      strike: { point, way },
      rows: scene.rows,
      ...(server === undefined ? {} : { server }),
    });
    const histories = historiesOf(told);
    const wrong = judge(scene, { result: told.result, histories }, effectsOf(reference?.histories ?? []));
    const reached = told.journal.entries().some(({ what }) => what === 'struck' || what === 'held');
    return {
      ...row,
      ending: told.result.outcome,
      effects: effectsOf(histories).length,
      late: histories.flatMap(({ world }) => world.refused).length,
      seconds: told.seconds,
      wrong: reached ? wrong : [...wrong, 'was never struck'],
    };
  } catch (error) {
    return { ...row, wrong: [error instanceof Error ? error.message : String(error)] };
  }
}
