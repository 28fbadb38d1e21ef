/** Writes docs/mutation.md from the last report of `npm run test:mutation`; reasons are kept in tests/mutation/reasons.json. */
import { readFileSync, writeFileSync } from 'node:fs';

type Mutant = {
  mutatorName: string;
  replacement?: string;
  status: string;
  location: { start: { line: number }; end: { line: number } };
};
type Report = { files: Record<string, { source: string; mutants: Mutant[] }> };
type Reasons = { measured: string; note: string; files: Record<string, string> };

const report: Report = JSON.parse(readFileSync('reports/mutation/mutation.json', 'utf8'));
const reasons: Reasons = JSON.parse(readFileSync('tests/mutation/reasons.json', 'utf8'));
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
  const table = ['| line | change | written | instead |', '|---|---|---|---|', ...rows];
  return ['', `### \`${file}\``, reasons.files[file] ?? 'Not looked at yet.', '', ...table];
});
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
`;
writeFileSync('docs/mutation.md', page);
console.log(`docs/mutation.md: ${score(all)}`);
