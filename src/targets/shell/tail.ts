/** Keeps the last `limit` characters of what is added. */
export function tailOf(limit: number): { add(text: string): void; text(): string } {
  let kept = '';
  return {
    add(text) {
      kept = (kept + text).slice(-limit);
    },
    text: () => kept,
  };
}

/** The last lines of a log, short enough to be shown with a failure. */
export function lastLines(text: string, lines = 20, characters = 2_000): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n').slice(-characters);
}
