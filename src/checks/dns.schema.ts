import { z } from 'zod';
import { duration, flag, text } from '../plan/words.schema.ts';

/** Records of a name, as a DNS server answers them. */
export const dnsSchema = z
  .strictObject({
    host: text.describe('Name that is asked for'),
    type: z
      .enum(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'CAA', 'SRV'], {
        error: 'must be A, AAAA, CNAME, MX, NS, TXT, CAA or SRV',
      })
      .default('A')
      .describe('Type of the records, default A'),
    records: z
      .array(text)
      .default([])
      .describe('Values that must be there, such as 192.0.2.10, "10 mail.shop.example" or a TXT; others are a WARN'),
    others: flag.default(false).describe('Other records may be there as well. Default false'),
    exists: flag.default(true).describe('false: there must be no record. Default true'),
    ttl: duration.optional().describe('Longest time that resolvers may keep A and AAAA; longer is a WARN'),
    server: z
      .string()
      .regex(/^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:]+\])(:\d+)?$|^[0-9a-fA-F:]+$|\$\{[^}]+\}/, {
        error: 'must be the IP address of a DNS server, with a port if it is not 53',
      })
      .optional()
      .describe('DNS server by its IP address; default those of the worker'),
    timeout: duration.default(5_000).describe('Patience for an answer, default 5s'),
  })
  .refine(({ exists, records }) => exists || records.length === 0, {
    path: ['records'],
    error: 'must not be given with exists: false',
  });

export type DnsSpec = z.output<typeof dnsSchema>;
