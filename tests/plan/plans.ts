import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadedPlan, type Loading, loadPlan, type RefusedPlan } from '../../src/plan/load.ts';
import { formatProblem } from '../../src/plan/problem.ts';

/** A good plan; line numbers in expectations count from its first line. */
export const shop = `application: shop
environment: production
people:
  product-owner: { name: Product owner }
  deployment-lead: { name: Deployment lead }
gates:
  go-no-go: { deciders: [product-owner], needs: 1 }
questions: { deciders: [deployment-lead], deadline: 30m, remindEvery: 5m }
preflight:
  - { name: shop answers, kind: http, url: "http://127.0.0.1:8080/health" }
targets:
  database:
    kind: postgres
    url: \${env:SHOP_ADMIN_URL}
    writers: [backend]
    migrate: { directory: "./versions/\${version}/migrations" }
    compatibility: backward
    verify:
      - { name: orders are there, kind: sql, url: "\${env:SHOP_ADMIN_URL}", query: SELECT 1, expect: { value: 1 } }
  backend:
    kind: process
    root: ./run/backend
    source: ./versions/\${version}/backend
    run: [node, server.mjs]
    ports: [4001, 4002]
smoke:
  - { name: list products, kind: http, url: "http://127.0.0.1:8080/products", repeatable: true }
watch:
  schedule: [{ every: 15m, for: 4h }]
  probe: { url: "http://127.0.0.1:8080/products", every: 1s }
  criteria: { errors: { rollBack: 10 %, consult: 5 % } }
`;

/** The shop with pieces of its text replaced; each piece must be there, so that a case cannot rot unseen. */
export function shopWith(...changes: [piece: string, by: string][]): string {
  return changes.reduce((text, [piece, by]) => {
    if (!text.includes(piece)) throw new Error(`the shop's plan does not hold ${piece}`);
    return text.replace(piece, () => by);
  }, shop);
}

/** Loads a plan from a directory of its own, which is removed again. */
export async function load(
  content: string | Uint8Array,
  options: Partial<Loading> & { version?: string } = {},
): Promise<LoadedPlan | RefusedPlan> {
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-plan-'));
  try {
    const file = join(directory, 'release.yaml');
    await writeFile(file, content);
    const { version = 'v2', ...loading } = options;
    return await loadPlan(file, version, { host: 'here', checkFiles: false, ...loading });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** What people read, with the file's name only. */
export function said(loaded: LoadedPlan | RefusedPlan): string[] {
  const problems = 'problems' in loaded ? loaded.problems : loaded.warnings;
  return problems.map((problem) => formatProblem({ ...problem, file: problem.file.replace(/^.*\//, '') }));
}

/** The plan, or an error that holds everything that is wrong with it. */
export async function loaded(
  content: string,
  options: Partial<Loading> & { version?: string } = {},
): Promise<LoadedPlan> {
  const result = await load(content, options);
  if ('problems' in result) throw new Error(said(result).join('\n'));
  return result;
}
