import { z } from 'zod';
import { duration, flag, text, url } from '../plan/words.schema.ts';

const origin = z
  .string({ error: 'must be an origin such as https://app.shop.example' })
  .regex(/^(https?:\/\/[^/\s]+|\S*\$\{[^}]+\}\S*|null)$/, {
    error: 'must be an origin such as https://app.shop.example, without a path',
  });

/** Which pages of other origins browsers let use an address. */
export const corsSchema = z.strictObject({
  url: url.describe('Address that pages call'),
  allowed: z.array(origin).default([]).describe('Origins that must be let in'),
  refused: z
    .array(origin)
    .min(1, { error: 'must hold at least one origin' })
    .default(['https://not-allowed.example'])
    .describe('Origins that must not be let in. Default one that nobody has'),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/))
    .min(1)
    .default(['GET'])
    .describe('Methods that pages use. Default GET'),
  headers: z.array(text).default([]).describe('Headers that pages send, such as authorization'),
  credentials: flag.default(false).describe('Pages send cookies along. Default false'),
  timeout: duration.default(10_000).describe('Patience for each answer, default 10s'),
  ca: text.optional().describe('Certificates (PEM) trusted instead of the public ones; give a file reference'),
});

export type CorsSpec = z.output<typeof corsSchema>;
