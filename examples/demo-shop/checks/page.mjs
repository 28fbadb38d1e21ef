/**
 * Does a page work for those who open it? Fetches it with everything it refers to, and looks for a text on it.
 * Usage: page.mjs <address> <text>. Exit 0: all is there. Exit 1: something is missing, named on stderr.
 */
const [address, text] = process.argv.slice(2);
const page = await fetch(address);
const html = await page.text();
const problems = page.ok ? [] : [`${address} answers ${page.status}`];
if (!html.includes(text)) problems.push(`${address} does not show "${text}"`);

const references = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => new URL(match[1], address));
for (const reference of references) {
  const { status } = await fetch(reference);
  if (status !== 200) problems.push(`${reference.pathname} answers ${status}`);
}

for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`${address} and its ${references.length} assets are there`);
process.exitCode = problems.length === 0 ? 0 : 1;
