import { describe, expect, it } from 'vitest';
import { blossomForFile, found, missing } from './sms-blossom-bed.ts';

const bed = blossomForFile();

describe.skipIf(missing !== undefined)('the nine groups of SMS Blossom', () => {
  it('all PASS', async () => {
    const results = await bed().ask();
    expect(found(results).map((name) => [name, results.find((r) => name.endsWith(r.name))])).toEqual([]);
    console.log(results.map(({ name, durationMs }) => `${name} ${durationMs}`).join('\n'));
  });
});
