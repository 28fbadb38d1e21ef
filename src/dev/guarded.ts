import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** `log`: a file descriptor for both outputs; without it they are dropped. `keep`: leave it running when we end. */
export type GuardedOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  log?: number;
  keep?: boolean;
  /** Asks the process to end; the default is TERM. */
  signal?: 'TERM' | 'INT' | 'QUIT';
};

export type Ended = { code: number | null; signal: NodeJS.Signals | null };

export type Guarded = {
  /** Of the process group that holds the server and its guard. */
  pid: number;
  ended: Promise<Ended>;
  hasEnded(): boolean;
  /** Asks it to end, waits at most `patienceMs`, then kills the whole group. 0 kills the server at once. */
  stop(patienceMs?: number): Promise<void>;
};

/**
 * The guard reads a pipe that only we hold. When we end, however that happens (also by SIGKILL), the pipe closes and the
 * guard stops the server; no server outlives the program that started it.
 */
const guard = `exec 3<&0
"$@" </dev/null & server=$!
( read -r signal <&3 || signal=$SAVEPOINT_GUARD_SIGNAL
  kill -"$signal" "$server" 2>/dev/null
  for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$server" 2>/dev/null || exit 0; sleep 0.5; done
  kill -KILL "$server" 2>/dev/null ) >/dev/null 2>&1 &
exec 3<&- 0<&-
wait "$server"`;

/**
 * Starts a server in a process group of its own, so that Ctrl-C in a terminal reaches us first and we can stop things in
 * order. It ends when we end unless `keep` says otherwise.
 *
 * @throws Error when there is no shell
 */
export function startGuarded(command: string, args: readonly string[], options: GuardedOptions = {}): Guarded {
  const output = options.log ?? 'ignore';
  const whole = options.keep ? [command, ...args] : ['sh', '-c', guard, 'savepoint-guard', command, ...args];
  const child = spawn(whole[0] as string, whole.slice(1), {
    detached: true,
    stdio: [options.keep ? 'ignore' : 'pipe', output, output],
    env: { ...(options.env ?? process.env), SAVEPOINT_GUARD_SIGNAL: options.signal ?? 'TERM' },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  child.stdin?.on('error', () => {});
  // A server alone is no reason to stay alive; whoever waits for something holds its own handle.
  child.unref();
  (child.stdin as Socket | null)?.unref();
  return watched(child, options);
}

function watched(child: ChildProcess, options: GuardedOptions): Guarded {
  let over = false;
  const ended = new Promise<Ended>((resolve) => {
    const finish = (result: Ended): void => {
      over = true;
      child.stdin?.destroy();
      resolve(result);
    };
    child.once('error', () => finish({ code: 127, signal: null }));
    child.once('exit', (code, signal) => finish({ code, signal }));
  });
  const { pid } = child;
  const stop = async (patienceMs = 10_000): Promise<void> => {
    if (over || pid === undefined) return;
    child.ref();
    const signal = patienceMs === 0 ? 'KILL' : (options.signal ?? 'TERM');
    if (options.keep) process.kill(pid, `SIG${signal}`);
    else child.stdin?.end(`${signal}\n`);
    // The guard's own exit says that the server is gone; killing the group is for a guard that does not answer.
    const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), patienceMs + 1_000);
    await ended;
    clearTimeout(timer);
  };
  return { pid: pid ?? 0, ended, hasEnded: () => over, stop };
}
