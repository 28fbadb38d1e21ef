import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import type { Journal, JournalWord } from './journal.ts';
import type { Strike } from './strike.ts';

type Next = (input: ActivityExecuteInput) => Promise<unknown>;
type Attempt = { journal: Journal; tell(what: JournalWord): void; input: ActivityExecuteInput; next: Next };

/** Tells the journal of every attempt, and strikes this process once at the point of its strike. */
export function striking(journal: Journal, strike: Strike | null): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next: Next) {
      const { activityId, activityType, attempt } = Context.current().info;
      const target = targetOf(input);
      const point = journal.nameOf(target === null ? activityType : `${activityType} ${target.name}`, activityId);
      const key = keyOf(input);
      const tell = (what: JournalWord): void => journal.note({ what, point, attempt, activityId, key });
      tell('arrived');
      const isHere = strike !== null && point === strike.point && journal.claim();
      const result = isHere ? await runStruck({ journal, tell, input, next }, strike) : await next(input);
      tell('answered');
      return result;
    },
  };
}

async function runStruck({ journal, tell, input, next }: Attempt, { way, afterMs }: Strike): Promise<unknown> {
  const stop = (signal: 'SIGKILL' | 'SIGSTOP'): void => {
    tell('struck');
    signalMyself(signal);
  };
  if (way === 'killed before') stop('SIGKILL');
  if (way === 'frozen before') stop('SIGSTOP');
  if (way === 'frozen at the edge') beforeEffect(keyOf(input), () => stop('SIGSTOP'));
  if (way === 'server killed') {
    tell('held');
    while (!journal.isLetGo()) {
      Context.current().heartbeat();
      await sleep(100);
    }
  }
  const work = next(input);
  if (way === 'killed during' || way === 'one of two killed')
    await begun(input, work, afterMs).then(() => stop('SIGKILL'));
  if (way === 'frozen during') await begun(input, work, afterMs).then(() => stop('SIGSTOP'));
  if (way === 'killed after') await work.catch(() => {}).then(() => stop('SIGKILL'));
  if (way === 'answer lost') {
    await work.catch(() => {});
    tell('struck');
    throw ApplicationFailure.create({ message: 'its answer was lost', type: 'unreachable' });
  }
  return await work;
}

/** Returns when the signal has come: another thread of this process may be the one that takes it. */
function signalMyself(signal: 'SIGKILL' | 'SIGSTOP'): void {
  process.kill(process.pid, signal);
  for (const until = Date.now() + 50; Date.now() < until; );
}

const shortWorkMs = 60;

/** Work on the key has begun, or the call has run for a while, or is over. */
async function begun(input: ActivityExecuteInput, work: Promise<unknown>, afterMs = shortWorkMs): Promise<void> {
  let over = false;
  const end = work.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  const file = worldFileOf(input);
  const key = keyOf(input);
  const hasBegun = (): boolean => file !== null && key !== null && key in memoryWorld('', file).began;
  for (const until = Date.now() + afterMs; !over && !hasBegun() && Date.now() < until; ) {
    await Promise.race([end, sleep(2)]);
  }
}

/** Calls `first` once, when this process is about to write the effect of `key` into a world's file. */
function beforeEffect(key: string | null, first: () => void): void {
  const append = fs.appendFileSync;
  fs.appendFileSync = (...words: Parameters<typeof append>) => {
    const line = String(words[1]);
    if (line.startsWith('{"type":"effect"') && line.includes(`"key":${JSON.stringify(key)}`)) {
      fs.appendFileSync = append;
      syncBuiltinESMExports();
      first();
    }
    append(...words);
  };
  syncBuiltinESMExports();
}

function targetOf({ args }: ActivityExecuteInput): { name: string } | null {
  const target = fieldOf(args[0], 'target');
  const name = fieldOf(target, 'name');
  return typeof name === 'string' ? { name } : null;
}

function keyOf({ args }: ActivityExecuteInput): string | null {
  const key = fieldOf(args[0], 'key');
  return typeof key === 'string' ? key : null;
}

function worldFileOf({ args }: ActivityExecuteInput): string | null {
  const file = fieldOf(fieldOf(fieldOf(args[0], 'target'), 'spec'), 'file');
  const home = fieldOf(fieldOf(args[0], 'place'), 'home');
  if (typeof file !== 'string') return null;
  return isAbsolute(file) ? file : join(String(home), file);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
