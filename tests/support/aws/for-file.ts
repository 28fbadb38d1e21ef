import { afterAll, beforeAll, describe } from 'vitest';
import { isMissing } from '../tools.ts';
import { findMoto } from './moto.ts';
import { type AwsOptions, type AwsWorld, startAws } from './world.ts';

/** Why the tests of AWS cannot run here; null where they can. */
export function whyNoAws(): string | null {
  const moto = findMoto();
  return isMissing(moto) ? moto.missing : null;
}

/** One AWS for all tests of a file, where there is moto; ask for it inside a test. */
export function awsForFile(options: AwsOptions = {}): () => AwsWorld {
  let aws: AwsWorld | undefined;
  beforeAll(async () => {
    if (whyNoAws() === null) aws = await startAws(options);
  });
  afterAll(() => aws?.stop());
  return () => {
    if (aws === undefined) throw new Error('the AWS of a file starts in beforeAll');
    return aws;
  };
}

/** A group of tests with one AWS that this process is pointed at; it is skipped with the reason where there is no moto. */
export function describeOnAws(title: string, tests: (aws: () => AwsWorld) => void): void {
  const missing = whyNoAws();
  describe.skipIf(missing !== null)(missing === null ? title : `${title} (${missing})`, () => {
    const aws = awsForFile();
    beforeAll(() => {
      Object.assign(process.env, aws().environment);
    });
    tests(aws);
  });
}
