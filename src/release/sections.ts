import { code, utf8Length } from './markdown.ts';

/** A block of lines; when it does not fit whole, lines are left out and counted. */
export type Section = { heading: string | null; lines: string[]; keep: 'first' | 'last' };

export function section(heading: string | null, lines: string[], keep: Section['keep'] = 'first'): Section {
  return { heading, lines, keep };
}

/** Joins sections up to `limit` bytes. What is left out is counted, and the command that shows it is named. */
export function joined(sections: Section[], limit: number): string {
  let text = '';
  for (const [index, each] of sections.entries()) {
    // Room for one line per section that follows, so that every one of them is at least mentioned.
    const room = limit - utf8Length(text) - 160 * (sections.length - index - 1);
    text += `${text === '' ? '' : '\n\n'}${withinRoom(each, room - 2)}`;
  }
  return text;
}

function withinRoom({ heading, lines, keep }: Section, room: number): string {
  const head = heading === null ? [] : [`### ${heading}`];
  const whole = [...head, ...lines].join('\n');
  if (utf8Length(whole) <= room) return whole;
  const kept: string[] = [];
  let left = room - utf8Length(head.join('\n')) - 120;
  for (const line of keep === 'first' ? lines : lines.toReversed()) {
    left -= utf8Length(line) + 1;
    if (left < 0) break;
    kept.push(line);
  }
  const missing = lines.length - kept.length;
  const more = `- … ${missing} more ${missing === 1 ? 'line' : 'lines'}: ${code('savepoint status')} shows all of them`;
  const shown = keep === 'first' ? [...kept, more] : [more, ...kept.toReversed()];
  return [...head, ...shown].join('\n');
}
