import { caseInWords, type DrillCase } from '../release/drill.ts';
import type { Plan } from '../release/plan.ts';
import { referencesIn } from '../release/references.ts';
import { type Line, oneLine } from './lines.ts';

/** What a drill will do to which targets, for a person who has to say yes. */
export function drillOutlook(plan: Plan, cases: readonly DrillCase[]): Line[] {
  const { application, environment, version, taskQueue, localTaskQueue } = plan;
  const lines: Line[] = [
    { tone: 'strong', text: `Drill of ${application} ${version} on ${environment}` },
    {
      tone: 'plain',
      text: `Releases ${version} ${cases.length} times, makes each release fail, and lets the way back run:`,
    },
    ...cases.map((each): Line => ({ tone: 'plain', text: `  ${caseInWords(each)}` })),
    { tone: 'plain', text: 'It really changes and restores:' },
    ...plan.targets.map(({ name, kind, spec, traits }): Line => {
      const references = referencesIn(spec);
      const where = references.length === 0 ? 'as written in the plan' : `by ${references.join(', ')}`;
      return {
        tone: 'warn',
        text: `  ${oneLine(`${name} (${kind}), ${where}, on ${traits.local ? localTaskQueue : taskQueue}`)}`,
      };
    }),
    { tone: 'quiet', text: 'References get the values that the workers of these task queues have.' },
  ];
  if (plan.targets.some(({ traits }) => traits.stores && traits.measures !== true)) {
    lines.push({ tone: 'warn', text: 'Rows that users write to a database meanwhile may be lost.' });
  }
  return lines;
}
