import { relative } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import ms from 'ms';
import { releaseIdOf } from '../../client.ts';
import type { Plan } from '../../release/plan.ts';
import { moment, proved } from '../../release/wording.ts';
import { alignedTable } from '../../report/table.ts';
import { type Discarding, recorded, refuseWhileNeeded, refuseYoung } from '../discarding.ts';
import { Refused, UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { discardKept, type KeptOf, type Listed, listKept } from '../keeping.ts';
import { defaultPlanFile, withClient } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';
import { mustBe } from '../who.ts';

type Options = { plan?: string; by?: string; reason: string; olderThan: number; now?: true };

const head = ['name', 'what', 'release', 'since', 'size', 'proved', ''];
const json = ['--json', 'one JSON document on stdout, everything else on stderr'] as const;
const plan = ['--plan <file>', `plan file (default: ./${defaultPlanFile})`] as const;

export function define(command: Command, io: Io): void {
  command
    .command('list')
    .description('list what releases left behind: replaced databases, savepoints, old versions')
    .option(...plan)
    .option(...json)
    .action(async (options: { plan?: string }) => await list(io, options.plan));
  command
    .command('discard')
    .description('remove one of them for good')
    .argument('<name>', 'as it is listed, such as database/shop_superseded_1a2b3c4d')
    .option(...plan)
    .option('--by <person>', 'who says so (default: SAVEPOINT_USER, git or system user)')
    .requiredOption('--reason <why>', 'why nobody needs it any more')
    .option('--older-than <age>', 'refuse what is younger', age, ms('7d'))
    .option('--now', 'whatever its age')
    .option(...json)
    .action(async (name: string, options: Options) => await discard(io, name, options));
}

function age(text: string): number {
  const value: unknown = /^\d+(ms|s|m|h|d|w)$/.test(text) ? ms(text as ms.StringValue) : Number.NaN;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be an age such as 7d or 12h.');
}

async function list(io: Io, file: string | undefined): Promise<void> {
  const loaded = await mustLoadPlan(io, { file, version: undefined });
  const listed = await listKept(io, loaded.plan);
  const text = listed.kept.length === 0 ? 'releases left nothing behind' : alignedTable(head, listed.kept.map(row));
  tellNotRead(io, listed);
  io.give(text, { schemaVersion: 1, ...listed });
}

function tellNotRead(io: Io, { notRead }: Listed): void {
  for (const { target, why } of notRead) io.say(`savepoint: ${target} could not be asked: ${why}`);
  if (notRead.length > 0) io.exitCode = 1;
}

function row(kept: KeptOf): string[] {
  const { target, name, what, release, since, bytes, level, obstacle } = kept;
  const when = since === null ? '-' : moment(since);
  return [`${target}/${name}`, what, release ?? '-', when, size(bytes), proved(level), obstacle ?? ''];
}

function size(bytes: number | null): string {
  if (bytes === null) return '-';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

async function discard(io: Io, name: string, options: Options): Promise<void> {
  const reason = options.reason.trim();
  if (reason === '') throw new UsageError('a reason is needed', 'Say with --reason why nobody needs it any more.');
  const loaded = await mustLoadPlan(io, { file: options.plan, version: undefined });
  const by = await mustBe(io, options.by, loaded.plan.people);
  const kept = await mustFind(io, loaded.plan, name);
  if (kept.obstacle !== null) throw new Refused(`${name} is not discarded: ${kept.obstacle}`);
  refuseYoung(kept, options.now === true ? null : options.olderThan, Date.now());
  await refuseWhileActive(loaded.plan, kept);
  if (!(await isMeant(io, kept))) return;
  // Meanwhile somebody may have started a release.
  await refuseWhileActive(loaded.plan, kept);
  const discarding: Discarding = { by, reason, at: new Date().toISOString() };
  const file = await recorded(loaded.plan, { kept, discarding }, () => discardKept(io, loaded.plan, kept));
  const { obstacle: _, ...what } = kept;
  io.give([{ tone: 'good', text: `✔ ${kept.target}/${kept.name} is gone (${relative(io.cwd, file)})` }], {
    schemaVersion: 1,
    discarded: { ...what, ...discarding },
    file,
  });
}

async function refuseWhileActive({ application, environment }: Plan, kept: KeptOf): Promise<void> {
  const id = releaseIdOf(application, environment);
  refuseWhileNeeded(kept, await withClient((client) => client.find(id)));
}

/** By `target/name`, or by its name alone where only one target has one of it. */
async function mustFind(io: Io, of: Plan, name: string): Promise<KeptOf> {
  const listed = await listKept(io, of);
  const found = listed.kept.filter((each) => [`${each.target}/${each.name}`, each.name].includes(name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  tellNotRead(io, listed);
  const why = found.length === 0 ? 'is nothing that releases left behind' : 'is kept by more than one target';
  throw new UsageError(
    `"${name}" ${why}`,
    found.length === 0
      ? 'savepoint superseded list shows what there is; nothing else is ever discarded.'
      : `Use one of: ${found.map((each) => `${each.target}/${each.name}`).join(', ')}.`,
  );
}

/** Nobody is asked where nobody sits; there the person and the reason on the command line are the answer. */
async function isMeant(io: Io, kept: KeptOf): Promise<boolean> {
  if (!io.interactive) return true;
  const prompts = await import('@clack/prompts');
  const message = `Remove ${kept.target}/${kept.name} (${kept.what}, ${size(kept.bytes)}) for good?`;
  const answer = await prompts.confirm({ message, initialValue: false });
  if (answer === true) return true;
  io.say('nothing was discarded');
  io.exitCode = 3;
  return false;
}
