import { z } from 'zod';

/** A regular expression as text; one that holds a reference can only be compiled where it is used. */
export const pattern = z.string().min(1).refine(compiles, 'is not a regular expression');

function compiles(text: string): boolean {
  if (text.includes('${')) return true;
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

/** Text that must be found: a plain piece, or `{ matches: <regular expression> }`. */
const textPiece = z.union([z.string().min(1), z.strictObject({ matches: pattern })]);

/** One piece or several; all are looked at. Normalised to a list. */
export const textPieces = z
  .union([textPiece, z.array(textPiece).min(1)])
  .transform((written) => (Array.isArray(written) ? written : [written]));

export type TextPiece = z.output<typeof textPiece>;

/** A header's value: exactly this text, or `{ matches: <regular expression> }`, or true for "is there". */
export const headerValue = z.union([z.string(), z.strictObject({ matches: pattern }), z.literal(true)]);

export type HeaderValue = z.output<typeof headerValue>;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const range = z.strictObject({ min: z.number().optional(), max: z.number().optional() });

/** An exact number or `{ min, max }`; normalised to bounds that both hold. */
export const amount = z
  .union([z.number(), range])
  .transform((written) => (typeof written === 'number' ? { min: written, max: written } : written));

export type Amount = z.output<typeof amount>;

/** What a value must be; every word given must hold. `count`: how many values the path finds. */
const conditions = z
  .strictObject({
    equals: z.json().optional(),
    oneOf: z.array(scalar).min(1).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    matches: pattern.optional(),
    exists: z.boolean().optional(),
    count: amount.optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'needs at least one of equals, oneOf, min, max, matches, exists, count');

/** A plain value or list means `equals`. */
export const valueConditions = z.union([
  scalar.transform((equals) => ({ equals })),
  z.array(z.json()).transform((equals) => ({ equals })),
  conditions,
]);

export type ValueConditions = z.output<typeof conditions>;
