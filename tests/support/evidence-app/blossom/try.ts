/** Starts the whole application until Ctrl-C and writes its variables into a file, as examples/sms-blossom says. */
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { startBlossomWorld } from './world.ts';

const [file = '.env.verification'] = process.argv.slice(2);
const world = await startBlossomWorld();
const lines = Object.entries(world.env).map(([name, value]) => `${name}='${value}'\n`);
await writeFile(file, lines.join(''), { mode: 0o600 });
process.stdout.write(`SMS Blossom runs at ${world.app.url}. Its variables are in ${file}; Ctrl-C ends it.\n`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await world.stop();
await rm(file, { force: true });
