/**
 * Markdown as the Temporal UI renders it (2.42, on its server): backslashes escape and entities do not, HTML goes
 * through, a list needs an empty line before it, a line break needs a backslash, and `--` becomes a dash.
 */

/** Text of others made harmless inside Markdown: one line, nothing of it is markup, links or HTML. */
export function plainText(text: string, longest = 300): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return shorten(line, longest)
    .replace(/[\\`*_[\]<>|#~]/g, '\\$&')
    .replace(/-(?=-)|(?<=-)-/g, '\\-')
    .replace(/^([-+])/, '\\$1');
}

/** Text of others over several lines: lines, paragraphs and lists stay, everything else is only text. */
export function prose(text: string, longest = 2000): string[] {
  const lines: string[] = [];
  let before: 'nothing' | 'text' | 'item' = 'nothing';
  for (const written of shorten(text.trim(), longest).split('\n')) {
    const item = /^\s*[-*•] (.*)$/.exec(written)?.[1];
    const now = written.trim() === '' ? 'nothing' : item === undefined ? 'text' : 'item';
    if (now === 'text' && before === 'text') lines.push(`${lines.pop()}\\`);
    else if (now !== before && lines.length > 0) lines.push('');
    if (now === 'item') lines.push(`- ${plainText(item ?? '', longest)}`);
    if (now === 'text') lines.push(plainText(written, longest));
    before = now;
  }
  return lines.filter((line, index) => line !== '' || (lines[index - 1] ?? '') !== '');
}

/** An inline code span; backticks inside would end it, so they become apostrophes. */
export function code(text: string, longest = 300): string {
  return `\`${shorten(text.replace(/\s+/g, ' ').trim(), longest).replaceAll('`', "'")}\``;
}

/** A block of code as one string, so that whoever leaves lines out never cuts it in half. */
export function codeBlock(language: string, text: string, longest = 2000): string {
  return `\`\`\`${language}\n${shorten(text, longest).replaceAll('```', "'''")}\n\`\`\``;
}

function shorten(text: string, longest: number): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`;
}

/** Length in UTF-8, counted by hand because workflow code shares this with Node. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
