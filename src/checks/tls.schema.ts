import { z } from 'zod';
import { amount, duration, port, text } from '../plan/words.schema.ts';

const host = z
  .string({ error: 'must be a host name or an address' })
  .regex(/^[^\s/:]+$|^\[?[0-9a-fA-F:]+\]?$|\$\{[^}]+\}/, {
    error: 'must be a host name or an address, without https:// and port',
  });

/** The certificate of a server: trusted, for this name, and valid for long enough. */
export const tlsSchema = z.strictObject({
  host: host.describe('Server that is asked'),
  port: port.default(443).describe('Its port, default 443'),
  servername: text.optional().describe('Name that the certificate must be for, default `host`'),
  daysLeft: z
    .strictObject({
      warn: amount.default(30).describe('Fewer days are a WARN. Default 30'),
      fail: amount.default(7).describe('Fewer days are a FAIL. Default 7'),
    })
    .prefault({})
    .describe('Days that it must still be valid'),
  protocol: z
    .enum(['TLSv1.2', 'TLSv1.3'], { error: 'must be TLSv1.2 or TLSv1.3' })
    .default('TLSv1.2')
    .describe('Oldest version of TLS that the server may use with us. Default TLSv1.2'),
  refuses: z
    .array(z.enum(['TLSv1', 'TLSv1.1']), { error: 'must be a list of TLSv1, TLSv1.1' })
    .default([])
    .describe('Old versions that the server must refuse. Default none are tried'),
  timeout: duration.default(10_000).describe('Patience for each connection, default 10s'),
  ca: text.optional().describe('Certificates (PEM) trusted instead of the public ones; give a file reference'),
});

export type TlsSpec = z.output<typeof tlsSchema>;
