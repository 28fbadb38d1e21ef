import { z } from 'zod';

/** Longest path that CloudFront takes, and how many of them may be in progress for one distribution (developer guide, "Invalidate files"). */
const longestPath = 4_000;
export const mostFiles = 3_000;
export const mostWildcards = 15;

/**
 * What CloudFront would refuse or, worse, understand otherwise ("Specify the files to invalidate" of its developer guide).
 * @returns what is wrong with the path, null when it can be sent
 */
export function pathProblem(path: string): string | null {
  if (!path.startsWith('/')) return 'must begin with /';
  if (path.length > longestPath) return `must have at most ${longestPath} characters`;
  const star = path.indexOf('*');
  if (star >= 0 && star < path.length - 1)
    return 'may hold * only as its last character; anywhere else it is no wildcard';
  // Encoding more than these changes which file is meant, so it is left to whoever knows the names.
  if (/[^\x21-\x7e]|["<>\\^`{|}]/.test(path))
    return 'holds characters that must be URL-encoded, such as %20 for a space';
  return null;
}

/** Null when all of them fit into one request. */
export function pathsProblem(paths: readonly string[]): string | null {
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem !== null) return `the path ${JSON.stringify(path.slice(0, 100))} ${problem}`;
  }
  const wildcards = paths.filter((path) => path.endsWith('*')).length;
  if (paths.length === 0) return 'at least one path is needed; "/*" is everything';
  if (wildcards > mostWildcards) return `at most ${mostWildcards} paths may end with *`;
  if (paths.length - wildcards > mostFiles) return `at most ${mostFiles} files can be invalidated at once`;
  return null;
}

/** What is emptied of which distribution; also a field of targets that have such a cache in front. */
export const invalidationFields = {
  distribution: z
    .string({ error: 'must be the id of a distribution such as E2QWRUHEXAMPLE' })
    .regex(/^([A-Z0-9]{6,32}|\S*\$\{[^}]+\}\S*)$/, { error: 'must be the id of a distribution such as E2QWRUHEXAMPLE' })
    .describe('Id of the CloudFront distribution'),
  paths: z
    .array(z.string({ error: 'must be a path such as /index.html or /*' }))
    .default(['/*'])
    .superRefine((paths, context) => {
      const problem = pathsProblem(paths.filter((path) => !path.includes('${')));
      if (problem !== null && paths.length > 0) context.addIssue({ code: 'custom', message: problem });
    })
    .describe('What is emptied, with * only at the end of a path. Default `[/*]`, which counts as one path.'),
};
