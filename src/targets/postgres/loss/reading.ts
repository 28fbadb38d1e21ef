import type { Session } from '../connection.ts';

/** `hash` gives the order. `count`: how many equal rows there are, where rows have no key. */
export type Row = {
  hash: string;
  key: string[];
  digest: string;
  steady: string;
  count: number;
  marked: boolean;
  values: (string | null)[];
};

const page = 2_000;
/** Both sides of a comparison may be read in one session. */
let cursors = 0;

/** Reads page by page, so that memory does not grow with the table. */
export async function* pagesOf(session: Session, query: string): AsyncGenerator<Row[]> {
  cursors += 1;
  const cursor = `savepoint_rows_${cursors}`;
  await session.run(`declare ${cursor} no scroll cursor for ${query}`);
  try {
    for (;;) {
      const rows = await session.rows<Row>(`fetch ${page} from ${cursor}`);
      yield rows;
      if (rows.length < page) return;
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
