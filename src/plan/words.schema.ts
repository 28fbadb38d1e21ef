import ms from 'ms';
import { z } from 'zod';

/**
 * The words that every schema of the plan is made of. Each accepts what people write, gives what the code uses,
 * and says in its error what would have been right. All are plain patterns, so that the JSON Schema for editors
 * accepts exactly what the loader accepts.
 *
 * Schemas of kinds are `z.strictObject({...})` without a transform at the top (refinements are fine), describe every
 * field with `.describe()` (unit and default included), and leave out what the plan room adds to every target
 * (`kind`, `writers`, `compatibility`, `scope`, `verify`, `verifySeed`) and to every check (`kind`, `name`, `critical`,
 * `repeatable`, `within`, `every`, `remedy`).
 */

const durationPattern = /^(?=.*[1-9])\d+(\.\d+)? ?(ms|s|m|h|d)$/;
const pausePattern = /^(0|\d+(\.\d+)? ?(ms|s|m|h|d))$/;
const sizePattern = /^(?=.*[1-9])\d+(\.\d+)? ?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;
const percentagePattern = /^(100(\.0+)?|\d{1,2}(\.\d+)?) ?%$/;

const bytesPer: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function milliseconds(written: string): number {
  return Math.round(ms(written as ms.StringValue));
}

function written(pattern: RegExp, expected: string) {
  return z.string({ error: `must be ${expected}` }).regex(pattern, { error: `must be ${expected}` });
}

/** "300ms", "10s", "15m", "4h", "2d" → milliseconds, more than 0. */
export const duration = written(durationPattern, 'a duration such as 300ms, 10s, 15m, 4h or 2d').transform(
  milliseconds,
);

/** Like `duration`, and 0 written as "0" or "0s" is allowed. */
export const pause = written(pausePattern, 'a duration such as 0s, 300ms or 10s').transform((value) =>
  value === '0' ? 0 : milliseconds(value),
);

/** "512 KiB", "10MB" → bytes, more than 0. */
export const size = written(sizePattern, 'a size such as 512 KiB, 10 MB or 2 GiB').transform((value) => {
  const unit = value.replace(/^[\d. ]+/, '');
  return Math.round(Number.parseFloat(value) * (bytesPer[unit] ?? 1));
});

/** "5 %" → 5. From 0 % to 100 %. */
export const percentage = written(percentagePattern, 'a percentage such as 5 % or 0.1 %').transform((value) =>
  Number.parseFloat(value),
);

/** "10 %" → 0.1. From 0 % to 100 %. */
export const share = written(percentagePattern, 'a percentage such as 10 %').transform(
  (value) => Number.parseFloat(value) / 100,
);

/** Names of applications, environments, targets and people: they become parts of ids, file and database names. */
export const namePattern = /^[a-z][a-z0-9-]{0,39}$/;
export const name = written(
  namePattern,
  'a name of small letters, digits and hyphens that begins with a letter, at most 40 characters',
);

/** One line that people read: names of checks and requests. */
export const label = written(/^\S(.{0,98}\S)?$/, 'one line of 1 to 100 characters');

/** Any text that is not empty; references such as ${env:NAME} are resolved where the text is used. */
export const text = z.string({ error: 'must be a text; put it in quotes' }).min(1, { error: 'must not be empty' });

/** A path; a relative one starts at the directory of the plan file. */
export const path = z.string({ error: 'must be a path' }).min(1, { error: 'must be a path, not empty' });

/** An address of http or https, or a reference that holds one. */
export const url = written(/^(https?:\/\/\S+|\S*\$\{[^}]+\}\S*)$/, 'an address that begins with http:// or https://');

/** A command as a list of words; no shell is involved. */
export const command = z
  .array(z.string({ error: 'must be a text; put it in quotes' }).min(1, { error: 'must not be empty' }), {
    error: 'must be a list of words such as [npm, ci]',
  })
  .min(1, { error: 'must be a list of words such as [npm, ci]' });

/** Environment variables; numbers and booleans become texts. */
export const environment = z.record(
  written(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable'),
  z
    .union([z.string(), z.number(), z.boolean()], { error: 'must be a text, a number, true or false' })
    .transform(String),
  { error: 'must be a list of NAME: value' },
);

/** A TCP port. */
export const port = z
  .int({ error: 'must be a port from 1 to 65535' })
  .min(1, { error: 'must be a port from 1 to 65535' })
  .max(65535, { error: 'must be a port from 1 to 65535' });

/** A whole number of at least 1. */
export const count = z.int({ error: 'must be a whole number' }).min(1, { error: 'must be at least 1' });

/** A whole number of at least 0. */
export const amount = z.int({ error: 'must be a whole number' }).min(0, { error: 'must be at least 0' });

export const flag = z.boolean({ error: 'must be true or false' });

/** A regular expression as text, without slashes. */
export const pattern = z
  .string({ error: 'must be a regular expression' })
  .min(1, { error: 'must be a regular expression, not empty' });
