import type { Writable } from 'node:stream';
import pc from 'picocolors';
import type { ExitCode } from '../release/endings.ts';
import type { Line } from '../report/lines.ts';

/**
 * What a verb has of the world. Data goes to stdout, everything else to stderr; with `--json` stdout holds exactly
 * one JSON document.
 */
export type Io = {
  readonly json: boolean;
  /** A person sits at both ends, so that questions may be asked. */
  readonly interactive: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdout: Writable & { isTTY?: boolean };
  readonly stderr: Writable & { isTTY?: boolean };
  /** Text for people: stdout, or stderr with `--json`. */
  show(lines: readonly Line[]): void;
  /** Data: the text without `--json`, the document with it. Called once. */
  give(text: string | readonly Line[], document: unknown): void;
  /** A remark that is no data. */
  say(text: string): void;
  /** What the program exits with. */
  exitCode: ExitCode;
};

export type Surroundings = {
  json: boolean;
  env: NodeJS.ProcessEnv;
  stdin: { isTTY?: boolean };
  stdout: Io['stdout'];
  stderr: Io['stderr'];
  cwd: string;
};

export function openIo({ json, env, stdin, stdout, stderr, cwd }: Surroundings): Io {
  const shown = json ? stderr : stdout;
  const paintShown = painter(env, shown);
  const paintOut = painter(env, stdout);
  return {
    json,
    interactive: !json && stdin.isTTY === true && stdout.isTTY === true && env.CI === undefined,
    env,
    cwd,
    stdout,
    stderr,
    exitCode: 0,
    show: (lines) => void shown.write(lines.map((line) => `${paintShown(line)}\n`).join('')),
    give: (text, document) => {
      if (json) stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      else if (typeof text === 'string') stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
      else stdout.write(text.map((line) => `${paintOut(line)}\n`).join(''));
    },
    say: (text) => void stderr.write(`${text}\n`),
  };
}

/** Colour only for a terminal, never with `NO_COLOR` (no-color.org: any value that is not empty). */
export function painter(env: NodeJS.ProcessEnv, stream: { isTTY?: boolean }): (line: Line) => string {
  const wanted = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const colours = pc.createColors(wanted);
  const tones: Record<Line['tone'], (text: string) => string> = {
    good: colours.green,
    bad: colours.red,
    warn: colours.yellow,
    quiet: colours.dim,
    strong: colours.bold,
    plain: (text) => text,
  };
  return (line) => tones[line.tone](line.text);
}
