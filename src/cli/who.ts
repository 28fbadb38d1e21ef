import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { UsageError } from './failing.ts';
import type { Io } from './io.ts';

/** People as the plan names them. */
export type People = Readonly<Record<string, { name: string; contact: string | null }>>;

/** Who acts, and by which rule that was found out. */
export type Who = { person: string; rule: string };

const run = promisify(execFile);

/**
 * Who acts: `--by`, `SAVEPOINT_USER`, else git's user or the user of the operating system where the plan knows them by
 * key, name or contact. Null when none of these names anybody.
 */
export async function whoAmI(io: Io, by: string | undefined, people: People): Promise<Who | null> {
  if (by !== undefined && by.trim() !== '') return { person: by.trim(), rule: '--by' };
  const variable = io.env.SAVEPOINT_USER?.trim();
  if (variable) return { person: variable, rule: 'SAVEPOINT_USER' };
  for (const setting of ['user.email', 'user.name']) {
    const value = await gitSetting(io, setting);
    const person = value === null ? null : personFor(value, people);
    if (person !== null) return { person, rule: `git config ${setting}` };
  }
  const user = systemUser();
  const person = user === null ? null : personFor(user, people);
  return person === null ? null : { person, rule: `user ${user} of this machine` };
}

/** As `whoAmI`, where somebody has to be named; says who it is when that was not typed. */
export async function mustBe(io: Io, by: string | undefined, people: People): Promise<string> {
  const who = await whoAmI(io, by, people);
  if (who === null) {
    const known = Object.keys(people);
    const remedy = known.length === 0 ? 'Use --by <person>.' : `Use --by with one of: ${known.join(', ')}.`;
    throw new UsageError('it is not clear who you are', `${remedy} SAVEPOINT_USER works too.`);
  }
  if (who.rule !== '--by') io.say(`acting as ${who.person} (${who.rule})`);
  return who.person;
}

function personFor(value: string, people: People): string | null {
  const wanted = value.trim().toLowerCase();
  const found = Object.entries(people).find(([key, { name, contact }]) =>
    [key, name, contact ?? ''].some((each) => each.trim().toLowerCase() === wanted),
  );
  return found?.[0] ?? null;
}

async function gitSetting(io: Io, name: string): Promise<string | null> {
  try {
    const { stdout } = await run('git', ['config', '--get', name], { cwd: io.cwd, timeout: 2000 });
    return stdout.trim() || null;
  } catch {
    return null;
  }
}

function systemUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
