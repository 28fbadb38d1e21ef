import { plainText } from '../release/markdown.ts';
import type { ReleaseStatus } from '../release/status.ts';
import { reportDocument } from './document.ts';

/** Long enough for a check's evidence; a report is not cut where the Temporal UI would be. */
const longest = 4000;

/** A release as Markdown. Text of others is escaped, so that it can neither format nor link. */
export function markdownReport(status: ReleaseStatus): string {
  const { title, standing, facts, sections } = reportDocument(status);
  const parts = [
    `# ${cell(title)}`,
    `**${cell(standing.text)}**`,
    table(['', ''], facts),
    ...sections.flatMap((section) => [`## ${cell(section.heading)}`, table(section.head, section.rows)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Cells are text of others: escaped, so that they can neither format nor link. */
export function table(head: string[], rows: string[][]): string {
  const row = (cells: string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [row(head), `|${head.map(() => '---|').join('')}`, ...rows.map(row)].join('\n');
}

function cell(text: string): string {
  return text === '-' ? text : plainText(text, longest);
}
