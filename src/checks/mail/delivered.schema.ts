import { z } from 'zod';
import { command, duration, text } from '../../plan/words.schema.ts';
import { jsonPath } from '../http/expectations.schema.ts';
import { hasOneBody, oneBody, requestFields } from '../http/request.schema.ts';
import { hasOneSource, oneSource, sourceFields } from '../source.schema.ts';
import { arrival, messageFields, saysWhich, trigger, valuesField, which } from './mail.schema.ts';

const run = z.strictObject({
  command: command.describe('Command that sends it, such as [./notify.sh, "test {{unique}}"]'),
  timeout: duration.default(30_000).describe('Patience for it, default 30s'),
});

const inHttp = z
  .strictObject({
    ...requestFields,
    at: jsonPath.optional().describe('JSON path (RFC 9535) of where it stands. Default anywhere in the answer'),
  })
  .refine(hasOneBody, oneBody)
  .refine(({ at, ...request }) => at !== undefined || !holdsUnique(request), {
    path: ['at'],
    error: 'must be given where the request holds {{unique}}: many answers repeat the question, which proves nothing',
  });
export type InHttp = z.output<typeof inHttp>;

const inLog = z.strictObject(sourceFields).refine(hasOneSource, oneSource);

const { arrival: _arrival, text: _text, notText: _notText, ...ofMessage } = messageFields;
const inMail = z.strictObject(ofMessage).refine(saysWhich, which);

const place = z
  .strictObject({
    http: inHttp.optional().describe('An answer, such as that of the API of an error tracker'),
    log: inLog.optional().describe('Files, or what a command prints'),
    mail: inMail.optional().describe('A message in a mailbox'),
  })
  .refine((given) => Object.values(given).filter((each) => each !== undefined).length === 1, {
    error: 'must hold exactly one of http, log, mail',
  });

/** Does any text in it stand for what is another one in each run? */
export function holdsUnique(data: unknown): boolean {
  return /\{\{\s*unique\s*\}\}/.test(JSON.stringify(data) ?? '');
}

/** Something is sent, and arrives where people would see it. */
export const deliveredSchema = z
  .strictObject({
    values: valuesField,
    send: trigger.optional().describe('Request that makes the test error or test notice; it holds `{{unique}}`'),
    run: run.optional().describe('Command that sends it instead; it holds `{{unique}}`'),
    arrives: place.describe('Where it has to arrive; looked at before anything is sent as well'),
    arrival,
    capture: z
      .record(text, jsonPath)
      .default({})
      .describe('Values of the answer of `arrives.http` for `cleanup`, as JSON paths; they may hold `{{unique}}`'),
    cleanup: trigger.optional().describe('Request that removes it again'),
  })
  .refine(({ send, run: runs }) => (send === undefined) !== (runs === undefined), {
    path: ['send'],
    error: 'must be given, or run instead, and not both',
  })
  .refine(({ send, run: runs, values }) => holdsUnique([send, runs, values]), {
    path: ['send'],
    error: 'must hold {{unique}}: what arrives is known by it',
  })
  .refine(({ arrives, capture }) => arrives.http !== undefined || Object.keys(capture).length === 0, {
    path: ['capture'],
    error: 'is only for arrives.http',
  });

export type DeliveredSpec = z.output<typeof deliveredSchema>;
export type PlaceSpec = DeliveredSpec['arrives'];
