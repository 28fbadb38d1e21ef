/**
 * Writes docs/mutation.md from the last reports of `npm run test:mutation` and `npm run test:mutation:workflows`; reasons
 * are kept in tests/mutation/reasons.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { wilson } from '../src/release/intervals.ts';

type Mutant = {
  mutatorName: string;
  replacement?: string;
  status: string;
  location: { start: { line: number }; end: { line: number } };
};
type Report = { files: Record<string, { source: string; mutants: Mutant[] }> };
type Reasons = { measured: string; note: string; workflows: string; files: Record<string, string> };
type Sampled = { file: string; line: number; mutator: string; written: string; instead: string; verdict: string };
type Sample = { seed: string; of: number; judged: Sampled[] };

const report: Report = JSON.parse(readFileSync('reports/mutation/mutation.json', 'utf8'));
const reasons: Reasons = JSON.parse(readFileSync('tests/mutation/reasons.json', 'utf8'));
const sample: Sample = JSON.parse(readFileSync('reports/mutation/workflows.json', 'utf8'));
const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

const caught = ['Killed', 'Timeout'];
const escaped = ['Survived', 'NoCoverage'];

function count(mutants: readonly Mutant[], statuses: readonly string[]): number {
  return mutants.filter(({ status }) => statuses.includes(status)).length;
}

function score(mutants: readonly Mutant[]): string {
  const all = count(mutants, [...caught, ...escaped]);
  return all === 0 ? 'nothing to change' : `${((100 * count(mutants, caught)) / all).toFixed(1)} %`;
}

function cell(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim().slice(0, 90);
  return `\`${line.replaceAll('`', "'").replaceAll('|', '¦')}\``;
}

const heading = ['| line | change | written | instead |', '|---|---|---|---|'];

/** The report keeps what earlier runs found of files that are no longer in the score. */
const texts = ['details', 'sections', 'markdown', 'wording'].map((name) => `src/release/${name}.ts`);
const files = Object.entries(report.files).filter(
  ([file, { mutants }]) => !texts.includes(file) && count(mutants, [...caught, ...escaped]) > 0,
);
const lines = files.map(([file, { mutants }]) => {
  return `| \`${file}\` | ${score(mutants)} | ${count(mutants, caught)} | ${count(mutants, escaped)} |`;
});
const survivors = files.flatMap(([file, { mutants, source }]) => {
  const left = mutants.filter(({ status }) => escaped.includes(status));
  if (left.length === 0) return [];
  const rows = left.map(({ location, replacement, mutatorName }) => {
    const written = source.split('\n')[location.start.line - 1] ?? '';
    return `| ${location.start.line} | ${mutatorName} | ${cell(written)} | ${cell(replacement ?? '')} |`;
  });
  return ['', `### \`${file}\``, reasons.files[file] ?? 'Not looked at yet.', '', ...heading, ...rows];
});
function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function workflows(): string {
  const { judged, of, seed } = sample;
  const left = judged.filter(({ verdict }) => verdict === 'survived');
  const found = judged.length - left.length;
  const { low, high } = wilson(found, judged.length);
  const rows = left.map(({ file, line, mutator, written, instead }) => {
    return `| \`${file.replace('src/workflows/', '')}:${line}\` | ${mutator} | ${cell(written)} | ${cell(instead)} |`;
  });
  return `**Score: ${percent(found / judged.length)}** (${found} of ${judged.length} caught; with 95 % confidence ${percent(low)} to ${percent(high)} of all ${of}; seed ${seed})

${reasons.workflows}

${[...heading, ...rows].join('\n')}`;
}

const all = files.flatMap(([, { mutants }]) => mutants);

const page = `# Mutation testing

\`npm run test:mutation\` changes the rules in \`src/release\` one place at a time and runs the tests of \`tests/release\`. A change that
no test notices has survived. This page is written by \`node --import tsx scripts/mutation-page.ts\` from the report.

Measured ${reasons.measured} with Stryker ${devDependencies['@stryker-mutator/core']}, vitest ${devDependencies.vitest}, Node ${process.versions.node}.
${reasons.note}

**Score: ${score(all)}** (${count(all, caught)} caught, ${count(all, escaped)} survived)

| file | score | caught | survived |
|---|---|---|---|
${lines.join('\n')}

## Survivors
${survivors.join('\n')}

## The workflow code: a sample

\`npm run test:mutation:workflows\` changes \`src/workflows\` in places that a seed chooses. The recorded histories judge each change,
then all of \`tests/workflows\`, up to the first test that fails. One that nobody notices costs seven minutes, so it is a sample.

${workflows()}
`;
writeFileSync('docs/mutation.md', page);
console.log(`docs/mutation.md: ${score(all)}`);
