import type { Session } from '../connection.ts';

type Value = string | null;
type Rest = [key: string[], steady: string, count: number, values: Value[]];

/**
 * A row as one line: where it stands in the order (36 digits), a hash of what counts in it (16), whether it is marked,
 * and as JSON what is only wanted of rows that differ. Millions of lines are read, so that is left alone until then.
 */
export class Row {
  readonly #line: string;
  #rest: Rest | null = null;

  constructor(line: string) {
    this.#line = line;
  }

  /** Equal for one and the same row of two databases, and in an order that both agree on. */
  get order(): string {
    return this.#line.slice(0, 36);
  }

  get digest(): string {
    return this.#line.slice(36, 52);
  }

  get marked(): boolean {
    return this.#line[52] === 't';
  }

  get key(): string[] {
    return this.#parsed()[0];
  }

  get steady(): string {
    return this.#parsed()[1];
  }

  /** How many equal rows there are, where rows have no key. */
  get count(): number {
    return this.#parsed()[2];
  }

  get values(): Value[] {
    return this.#parsed()[3];
  }

  #parsed(): Rest {
    this.#rest ??= JSON.parse(this.#line.slice(53)) as Rest;
    return this.#rest;
  }
}

/** Answers of so many buckets are read at once. */
const page = 100;
/** Both sides of a comparison may be read in one session. */
let cursors = 0;

/** Reads page by page, so that memory does not grow with the table. `query` gives `lines` of one bucket after the other. */
export async function* pagesOf(session: Session, query: string): AsyncGenerator<Row[]> {
  cursors += 1;
  const cursor = `savepoint_rows_${cursors}`;
  await session.run(`declare ${cursor} no scroll cursor for ${query}`);
  try {
    for (;;) {
      const buckets = await session.rows<{ lines: string }>(`fetch ${page} from ${cursor}`);
      yield buckets.flatMap(({ lines }) => lines.split('\n').map((line) => new Row(line)));
      if (buckets.length < page) return;
    }
  } finally {
    await session.run(`close ${cursor}`).catch(() => undefined);
  }
}

/** Pulls single rows out of pages. */
export class Reader {
  readonly #pages: AsyncGenerator<Row[]>;
  #rows: Row[] = [];
  #next = 0;
  #over = false;

  constructor(pages: AsyncGenerator<Row[]>) {
    this.#pages = pages;
  }

  /** The row that comes next, null at the end; at once where its page was read already. */
  peek(): Row | null | Promise<Row | null> {
    return this.#rows[this.#next] ?? (this.#over ? null : this.#turn());
  }

  async #turn(): Promise<Row | null> {
    while (!this.#over && this.#next >= this.#rows.length) {
      const turned = await this.#pages.next();
      this.#over = turned.done === true;
      this.#rows = turned.done === true ? [] : turned.value;
      this.#next = 0;
    }
    return this.#rows[this.#next] ?? null;
  }

  skip(): void {
    this.#next += 1;
  }

  async close(): Promise<void> {
    await this.#pages.return(undefined);
  }
}
