#!/usr/bin/env node
/**
 * `node scripts/complete-lockfile.mjs [--check] [directory]`: npm forgets optional packages of other platforms when the
 * registry at hand does not have them, and then `npm ci` refuses the lockfile everywhere. This writes the missing entries;
 * platforms are read from the package's name. With --check it only says what is missing, and exits with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'windows',
];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
const libraries = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/** `@swc/core-linux-arm64-musl` → where npm may install it. */
function platform(name) {
  const words = name.split(/[-/]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) throw new Error(`the platform of ${name} cannot be read from its name`);
  const libc = words.map((word) => libraries[word]).find((library) => library !== undefined);
  return { cpu: [cpu], ...(os === 'linux' && libc ? { libc: [libc] } : {}), os: [os === 'windows' ? 'win32' : os] };
}

/** Path in the lockfile → entry, for every optional dependency without one. */
function missingEntries(packages) {
  const missing = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const here = `node_modules/${name}`;
      if (packages[here] !== undefined || packages[`${path}/${here}`] !== undefined) continue;
      const { cpu, libc, os } = platform(name);
      const dev = entry.dev ? { dev: true } : {};
      const exact = version.replace(/^[\^~]/, '');
      missing[here] = { version: exact, cpu, ...dev, ...(libc ? { libc } : {}), optional: true, os };
    }
  }
  return missing;
}

const words = process.argv.slice(2);
const file = join(words.find((word) => !word.startsWith('--')) ?? '.', 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = missingEntries(lock.packages);
const names = Object.keys(missing).map((path) => path.replace('node_modules/', ''));
if (words.includes('--check')) {
  if (names.length > 0) {
    console.error(`package-lock.json lacks ${names.join(', ')}\nrun: node scripts/complete-lockfile.mjs`);
    process.exitCode = 1;
  }
} else if (names.length > 0) {
  const entries = Object.entries({ ...lock.packages, ...missing });
  lock.packages = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.error(`added ${names.join(', ')}`);
}
