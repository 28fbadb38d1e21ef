import { globalArn, known, type Need, type Part } from './statement.ts';

/** Emptying a cache in front, and seeing that it is empty. */
export function invalidations({ name, ground }: Part<unknown>, distribution: string): Need[] {
  return [
    {
      of: [name],
      purpose: 'Invalidate',
      actions: [
        'cloudfront:CreateInvalidation',
        'cloudfront:GetDistribution',
        'cloudfront:GetInvalidation',
        'cloudfront:ListInvalidations',
      ],
      resources: [globalArn('cloudfront', `distribution/${known(distribution)}`, ground)],
      why: `empties the cache in front of ${name}, forward and on the way back`,
    },
  ];
}
