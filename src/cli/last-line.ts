import type { Line } from '../report/lines.ts';
import type { Io } from './io.ts';

/** The line at the bottom of a terminal that says what goes on; without a terminal it does not exist. */
export class LastLine {
  readonly #io: Io;
  readonly #live: boolean;
  #shown = '';
  #complained = false;

  constructor(io: Io) {
    this.#io = io;
    this.#live = io.interactive && io.env.TERM !== 'dumb';
  }

  /** Prints lines that stay, above the line that changes. */
  above(lines: readonly Line[]): void {
    this.clear();
    this.#io.show(lines);
  }

  /** Replaces the line; null takes it away. */
  set(text: string | null): void {
    if (!this.#live) return;
    const width = ('columns' in this.#io.stdout ? Number(this.#io.stdout.columns) : 80) || 80;
    const fitted = [...(text ?? '')].slice(0, width - 1).join('');
    if (fitted === this.#shown) return;
    this.#io.stdout.write(`\r\u001b[2K${fitted}`);
    this.#shown = fitted;
  }

  clear(): void {
    if (this.#shown !== '') this.set(null);
  }

  /** Says once that something is away. */
  missing(text: string): void {
    if (this.#complained) return;
    this.#complained = true;
    this.above([{ tone: 'warn', text: `… ${text}` }]);
  }

  recovered(): void {
    if (this.#complained) this.above([{ tone: 'plain', text: '… back again' }]);
    this.#complained = false;
  }
}
