/** Text of others made harmless inside Markdown: one line, nothing of it is markup, links or HTML. */
export function plainText(text: string, longest = 300): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return shorten(line, longest)
    .replace(/[\\`*_[\]<>|#~]/g, '\\$&')
    .replace(/^([-+])/, '\\$1');
}

/** An inline code span; backticks inside would end it, so they become apostrophes. */
export function code(text: string, longest = 300): string {
  return `\`${shorten(text.replace(/\s+/g, ' ').trim(), longest).replaceAll('`', "'")}\``;
}

/** Markdown of others without HTML, images and fences that nobody closes, at most `longest` characters. */
export function foreignMarkdown(text: string, longest = 2000): string {
  return shorten(text.trim(), longest).replaceAll('<', '&lt;').replaceAll('![', '!\\[').replaceAll('```', "'''");
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
