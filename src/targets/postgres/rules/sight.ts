import type { RangeVar } from 'libpg-query';
import type { RuleName } from './names.schema.ts';
import type { Parsed } from './parse.ts';
import type { Column, Relation, SchemaFacts } from './schema.ts';
import type { Hit } from './table.ts';

/** A relation that was there before the migration; `now`: what it is called after the statements so far. */
export type Known = { relation: Relation; columns: Map<string, Column & { isNew: boolean }>; now: string };

/** A lock is not long on a table that is read through in a moment. Bytes. */
const smallBytes = 16 * 1024 * 1024;

/**
 * Follows the schema through the statements of one set of migrations. What the set itself makes is not judged: nobody
 * uses it yet.
 */
export class Sight {
  readonly hits: { hit: Hit; gone: string | null }[] = [];
  readonly facts: SchemaFacts;
  readonly isVolatile: (name: string) => boolean;
  private readonly relations: Known[];
  private readonly made = new Set<string>();

  constructor(facts: SchemaFacts, isVolatile: (name: string) => boolean) {
    this.facts = facts;
    this.isVolatile = isVolatile;
    this.relations = facts.relations.map((relation) => {
      const own = facts.columns.filter(({ table }) => table === relation.name);
      return {
        relation,
        now: relation.name,
        columns: new Map(own.map((column) => [column.name, { ...column, isNew: false }])),
      };
    });
  }

  /** The relation that a statement names, if it was there before the migration. */
  find(named: Pick<RangeVar, 'schemaname' | 'relname'> | undefined): Known | undefined {
    const name = named?.relname ?? '';
    const schemas = named?.schemaname ? [named.schemaname] : this.facts.path;
    for (const schema of schemas) {
      const whole = `${schema}.${name}`;
      if (this.made.has(whole)) return undefined;
      const known = this.relations.find(({ now }) => now === whole);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  /** `schema.name` of something that a statement makes. */
  nameOf(named: Pick<RangeVar, 'schemaname' | 'relname'> | undefined): string {
    return `${named?.schemaname || this.facts.path[0] || 'public'}.${named?.relname ?? ''}`;
  }

  make(name: string): void {
    this.made.add(name);
  }

  isMade(name: string): boolean {
    return this.made.has(name);
  }

  forget(known: Known): void {
    this.relations.splice(this.relations.indexOf(known), 1);
  }

  /** `gone`: a name that the previous code may use and that is not there any more. */
  hit(
    rule: RuleName,
    said: { what: string; at: Parsed; offset?: number | undefined; on?: Known; gone?: string },
  ): void {
    const { what, at, offset, on, gone } = said;
    const mild = on !== undefined && on.relation.bytes <= smallBytes ? 'small' : undefined;
    this.hits.push({ hit: { rule, what, where: at.place(offset), statement: at.text, mild }, gone: gone ?? null });
  }

  /** What takes the name of something that went, such as a view, may serve the previous code: that only warns. */
  end(): Hit[] {
    return this.hits.map(({ hit, gone }) => {
      if (gone === null || !this.made.has(gone)) return hit;
      return { ...hit, what: `${hit.what}, and makes another ${gone}`, mild: 'replaced' };
    });
  }
}
