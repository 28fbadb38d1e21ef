/**
 * A 64-bit hash of `savepoint_row`, as SQL. `text`: of the row as it is printed · `binary`: of the row as the server
 * sends it, which costs half as much and says at least as much, the scale of a number too.
 */
export const rowHash = {
  text: 'hashtextextended(savepoint_row::text collate "C", 0)',
  // There is no such function for a bytea by itself; the hash of an array has that of its elements in it.
  binary: 'hash_array_extended(array[record_send(savepoint_row)], 0)',
} as const;

/** Types whose binary form is the same in every database of a server, and after a dump. Others have oids in it, or may. */
const plainTypes = [
  ...['bool', 'int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'text', 'varchar', 'bpchar', 'uuid', 'bytea'],
  ...['date', 'time', 'timestamp', 'timestamptz', 'interval', 'json', 'jsonb'],
];

/**
 * SQL: may rows of this table be hashed in their binary form? `table`: SQL of its oid. Texts are sent in the encoding of
 * the client, which is UTF-8, so they must be stored in it as well. A column of the row's name would stand for the row.
 */
export function isPlain(table: string): string {
  return `(coalesce((select bool_and(t.atttypid = any ('{${plainTypes.join(',')}}'::regtype[]) and t.attname <> 'savepoint_row')
      from pg_attribute t where t.attrelid = ${table} and t.attnum > 0 and not t.attisdropped), false)
    and current_setting('server_encoding') = 'UTF8')`;
}
