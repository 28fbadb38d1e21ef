import { text, url } from '../plan/words.schema.ts';

/** Where an AWS account is reached; the same three fields in everything that speaks to AWS. Credentials are never written in a plan. */
export const awsFields = {
  region: text
    .nullable()
    .default(null)
    .describe('AWS region such as us-east-1. Default: AWS_REGION, or the profile, where the worker runs.'),
  endpoint: url
    .nullable()
    .default(null)
    .describe('Address of another server that speaks for AWS. Default: AWS_ENDPOINT_URL, else AWS itself.'),
  profile: text
    .nullable()
    .default(null)
    .describe('Profile of the AWS configuration where the worker runs. Default: the default credential chain.'),
};
