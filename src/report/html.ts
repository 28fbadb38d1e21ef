import type { ReleaseStatus } from '../release/status.ts';
import { type ReportSection, reportDocument } from './document.ts';

/** Follows the reader's light or dark mode; tables scroll on their own on a narrow screen. */
const style = `
:root { color-scheme: light dark; --good: #1a7f37; --bad: #b42318; --open: #8a6100; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --good: #56d364; --bad: #ff8f82; --open: #e3b341; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { margin-bottom: 0; } .standing { font-size: 1.25rem; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
`;

/** A release as one HTML file that needs nothing else: no script, no font, no picture, no address to load from. */
export function htmlReport(status: ReleaseStatus): string {
  const { title, standing, facts, sections } = reportDocument(status);
  const listed = facts.map(([name, value]) => `<dt>${html(name)}</dt><dd>${html(value)}</dd>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${html(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${html(title)}</h1>
<p class="standing ${standing.mood}">${html(standing.text)}</p>
<dl>
${listed}
</dl>
${sections.map(sectionHtml).join('\n')}
</body>
</html>
`;
}

function sectionHtml({ heading, head, rows }: ReportSection): string {
  const row = (tag: 'th' | 'td', cells: string[]): string =>
    `<tr>${cells.map((each) => `<${tag}>${html(each)}</${tag}>`).join('')}</tr>`;
  const body = rows.map((cells) => row('td', cells)).join('\n');
  return `<h2>${html(heading)}</h2>
<div class="wide"><table>
<thead>${row('th', head)}</thead>
<tbody>
${body}
</tbody>
</table></div>`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
