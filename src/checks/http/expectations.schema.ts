import { z } from 'zod';
import { pattern as patternText, text } from '../../plan/words.schema.ts';

/** A regular expression as text; one that holds a reference can only be compiled where it is used. */
export const pattern = patternText.refine(compiles, {
  error: 'must be a regular expression; this one does not compile',
});

function compiles(written: string): boolean {
  if (written.includes('${')) return true;
  try {
    new RegExp(written, 'u');
    return true;
  } catch {
    return false;
  }
}

const matching = z.strictObject({ matches: pattern.describe('Regular expression without slashes') });

/** Text that must be found: a plain piece, or `{ matches: <regular expression> }`. */
export const textPiece = z.union([text, matching]);
export type TextPiece = z.output<typeof textPiece>;

/** One piece or several; all are looked at. Normalised to a list. */
export const textPieces = z
  .union([textPiece, z.array(textPiece).min(1, { error: 'must hold at least one text' })])
  .transform((written) => (Array.isArray(written) ? written : [written]));

/** A header's value: exactly this text, or `{ matches: <regular expression> }`, or true for "is there". */
export const headerValue = z.union([z.string(), matching, z.literal(true)]);
export type HeaderValue = z.output<typeof headerValue>;

export const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Scalar = z.output<typeof scalar>;

const range = z.strictObject({
  min: z.number().optional().describe('At least'),
  max: z.number().optional().describe('At most'),
});

/** An exact number or `{ min, max }`; normalised to bounds that both hold. */
export const bounds = z
  .union([z.number(), range])
  .transform((written): Bounds => (typeof written === 'number' ? { min: written, max: written } : written));
export type Bounds = { min?: number | undefined; max?: number | undefined };

export const jsonPath = z.string().regex(/^\$/, { error: 'must be a JSON path that begins with $, such as $.status' });

/** What a value must be; every word given must hold. */
const conditions = z
  .strictObject({
    equals: z.json().optional().describe('Exactly this value'),
    oneOf: z.array(scalar).min(1).optional().describe('One of these values'),
    min: z.number().optional().describe('A number of at least this'),
    max: z.number().optional().describe('A number of at most this'),
    matches: pattern.optional().describe('Regular expression without slashes that the text matches'),
    exists: z.boolean().optional().describe('false: nothing is found there'),
    count: bounds.optional().describe('How many values the path finds: a number or { min, max }'),
  })
  .refine((given) => Object.keys(given).length > 0, {
    error: 'must hold at least one of equals, oneOf, min, max, matches, exists, count',
  });
export type ValueConditions = z.output<typeof conditions>;

/** A plain value or list means `equals`. */
export const valueConditions = z.union([
  scalar.transform((equals): ValueConditions => ({ equals })),
  z.array(z.json()).transform((equals): ValueConditions => ({ equals })),
  conditions,
]);
