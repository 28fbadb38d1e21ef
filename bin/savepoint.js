#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const setup = join(root, 'scripts', 'setup.mjs');

try {
  // Only a clone has the scripts: there the program is built again whenever its source is newer.
  if (existsSync(setup)) await (await import('../scripts/setup.mjs')).prepare();
  await import('../dist/cli/main.js');
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' && error?.name !== 'SetupError') throw error;
  process.stderr.write(`savepoint: ${error.message}\n`);
  process.exitCode = 1;
}
