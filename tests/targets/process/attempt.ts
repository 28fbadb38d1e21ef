/**
 * One attempt in a process of its own, so that tests can kill or stop it: drives a verb to its end and prints what came
 * of it as JSON. argv[2]: {verb, version, call (without signal and log), savepoint}.
 */
import { process as kind } from '../../../src/targets/process/process.ts';

const { verb, version, call, savepoint } = JSON.parse(process.argv[2] ?? '{}');
const complete = { ...call, signal: new AbortController().signal, log: { info: () => {}, warn: () => {} } };

async function look() {
  if (verb === 'restore') return kind.restore(complete, savepoint);
  return kind.apply(complete, 'deploy', version);
}

try {
  for (;;) {
    const step = await look();
    if (step.state === 'done') {
      console.log(JSON.stringify({ done: step.value }));
      break;
    }
    if (step.state === 'working') await new Promise((resolve) => setTimeout(resolve, step.lookAgainMs));
  }
} catch (error) {
  const failure = error instanceof Error ? error : new Error('no error');
  console.log(JSON.stringify({ failed: 'kind' in failure ? failure.kind : 'bug', message: failure.message }));
}
