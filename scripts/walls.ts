/** `npm run walls [root]`: refuses every import that crosses a wall between rooms. Exit 1 when there is one. */
import { breachesIn } from './walls/breaches.ts';

const { breaches, files } = breachesIn(process.argv[2] ?? process.cwd());
for (const { file, line, message } of breaches) console.error(`${file}:${line} ${message}`);
if (files === 0) console.error('no files found: run it in the project, or name its directory');
console.error(`walls: ${files} files, ${breaches.length} breaches`);
process.exitCode = breaches.length > 0 || files === 0 ? 1 : 0;
