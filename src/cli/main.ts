import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { exitCodes } from '../release/endings.ts';
import { printFailure, UsageError } from './failing.ts';
import { type Io, openIo } from './io.ts';
import { verbNamed, verbs } from './verbs.ts';

const exits = `
Exit codes: 0 released or done · 1 unexpected · 2 usage or plan · 3 went back cleanly, or never started
            4 a person is needed · 5 still running · 6 aborted · 7 Temporal not reachable, or no worker`;

/** Only the verb that was typed is loaded; the others are known by their summaries. */
async function programFor(words: readonly string[], io: Io): Promise<Command> {
  const program = configured(new Command('savepoint'), io)
    // A verb's `--version` is the version of a release.
    .enablePositionalOptions()
    .description('Releases an application together with its database, and brings it back.')
    .version(version(), '-v, --version', 'print the version')
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .addHelpText('after', exits);
  const typed = words.find((word) => !word.startsWith('-'));
  const wanted =
    typed === undefined ? null : verbNamed(typed === 'help' ? (words[words.indexOf(typed) + 1] ?? '') : typed);
  for (const [name, entry] of Object.entries(verbs)) {
    const command = configured(program.command(name), io).summary(entry.summary).description(entry.summary);
    command.helpGroup(`${entry.group}:`).aliases([...(entry.aliases ?? [])]);
    if (name !== wanted) continue;
    (await entry.load()).define(command, io);
    command.option('--json', 'one JSON document on stdout, everything else on stderr');
  }
  return program;
}

function configured(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => {},
    });
}

function version(): string {
  // The same place from src/cli and from dist/cli.
  const file = new URL('../../package.json', import.meta.url);
  const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : '0.0.0';
}

/** Runs one command line; resolves to the exit code and never throws. */
async function main(words: readonly string[], io: Io): Promise<number> {
  try {
    const program = await programFor(words, io);
    if (words.every((word) => word === '--json')) {
      io.say(program.helpInformation());
      if (io.json) printFailure(io, new UsageError('a verb is missing'));
      return exitCodes.usage;
    }
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return usage(io, error);
    printFailure(io, error);
  }
  return io.exitCode;
}

/** Help and version end well; everything else that the parser says is a wrong use. */
function usage(io: Io, error: CommanderError): number {
  if (error.exitCode === 0) return exitCodes.released;
  const message = error.message.replace(/^error: /, '');
  printFailure(io, new UsageError(message, 'savepoint --help lists the verbs; savepoint <verb> --help their options'));
  return exitCodes.usage;
}

/** A pipe that closes early, such as `| head`, or a terminal that is closed, is no error. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

const words = process.argv.slice(2);
const { env, stdin, stdout, stderr } = process;
const ended = words.includes('--');
const json = (ended ? words.slice(0, words.indexOf('--')) : words).includes('--json');
const io = openIo({ json, env, stdin, stdout, stderr, cwd: process.cwd() });
process.exitCode = await main(words, io);
