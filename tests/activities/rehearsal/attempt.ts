/** One attempt in a process of its own, so that a test can kill it. argv[2]: the input as JSON. */
import { rehearseOnce } from './world.ts';

await rehearseOnce(JSON.parse(process.argv[2] ?? '{}'));
