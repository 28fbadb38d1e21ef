import { nearest } from './nearest.ts';
import type { Objection, Path } from './problem.ts';
import { eachText, mapTexts } from './walk.ts';

/** 1 to 40 characters, so that a version fits into ids, file names and database names. */
const versionPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?$/;

/** Says what is wrong with a version, null when it can be used. */
export function versionProblem(version: string): string | null {
  if (versionPattern.test(version) && !version.includes('..')) return null;
  return `${JSON.stringify(version)} cannot be a version: it must be 1 to 40 letters, digits, dots, hyphens and underscores, begin and end with a letter or a digit, and not contain ".."`;
}

/** Replaces `${version}`; all other references are resolved where they are used. */
export function withVersion(data: unknown, version: string): unknown {
  return mapTexts(data, (text) => text.replaceAll('${version}', version));
}

const schemes = ['env', 'file', 'aws-secret', 'aws-ssm', 'version', 'run'];
const resolvedLater = /\$\{((?:env|file|aws-secret|aws-ssm):[^}]+)\}/g;

/** Refuses references that nobody could resolve. */
export function referenceObjections(data: unknown): Objection[] {
  const found: Objection[] = [];
  eachText(data, (text, path) => {
    for (const match of text.matchAll(/\$\{([^}]*)(\}?)/g)) {
      const inner = match[1] ?? '';
      if (isOfRehearsal(inner, path) || (inner === 'run' && isInCheck(path))) continue;
      const wrong = inner === 'run' ? runElsewhere : wrongReference(inner, match[2] === '}');
      if (wrong !== null) found.push({ ...wrong, rule: 'reference', severity: 'error', path, at: 'value' });
    }
  });
  return found;
}

/** Where the copy and the version that runs on it are is known only while a rehearsal runs. */
function isOfRehearsal(inner: string, path: Path): boolean {
  return /^rehearsal\.(url|service)$/.test(inner) && path[0] === 'targets' && path[2] === 'rehearse';
}

const listsOfChecks = ['checks', 'cleanup', 'preflight', 'smoke', 'monitoring', 'verify', 'verifySeed', 'logs'];

/** Checks that are asked together share one value, which no other run of them has. */
function isInCheck(path: Path): boolean {
  return path[2] !== 'rehearse' && path.some((key) => listsOfChecks.includes(String(key)));
}

const runElsewhere = { message: '${run} has a value in checks only', remedy: 'use it in a check, or ${version} here' };

/** Names as Secrets Manager and the Parameter Store allow them (API references, CreateSecret and PutParameter), or ARNs. */
const awsReferences: Record<string, { pattern: RegExp; remedy: string }> = {
  'aws-secret': {
    pattern: /^[A-Za-z0-9/_+=.@:-]+(#[^#\s]+)?$/,
    remedy: 'write ${aws-secret:name}, or ${aws-secret:name#key} for a key of a JSON object',
  },
  'aws-ssm': { pattern: /^[A-Za-z0-9_./:-]+$/, remedy: 'write ${aws-ssm:/path}, or ${aws-ssm:/path:3} for a version' },
};

function wrongReference(inner: string, closed: boolean): { message: string; remedy: string } | null {
  const known =
    'known are ${env:NAME}, ${file:path}, ${aws-secret:name}, ${aws-ssm:/path}, ${version}, and ${run} in checks';
  if (!closed) return { message: `the reference "\${${inner}" is not closed`, remedy: 'end it with }' };
  const [scheme = '', ...rest] = inner.split(':');
  const name = rest.join(':');
  const whole = `\${${inner}}`;
  if (scheme === 'env' && rest.length > 0) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return null;
    return { message: `malformed reference ${whole}`, remedy: 'write ${env:NAME} with the name of a variable' };
  }
  if (scheme === 'file' && rest.length > 0) {
    if (name.trim() === name && name !== '') return null;
    return { message: `malformed reference ${whole}`, remedy: 'write ${file:path} with a path' };
  }
  const ofAws = rest.length > 0 ? awsReferences[scheme] : undefined;
  if (ofAws !== undefined) {
    return ofAws.pattern.test(name) ? null : { message: `malformed reference ${whole}`, remedy: ofAws.remedy };
  }
  if (/^[A-Z_][A-Z0-9_]*$/.test(inner)) {
    return { message: `unknown reference ${whole}`, remedy: `did you mean \${env:${inner}}?` };
  }
  const meant = scheme.startsWith('env') ? 'env' : nearest(scheme, schemes);
  if (meant === null) return { message: `unknown reference ${whole}`, remedy: known };
  const example =
    meant === 'version' || meant === 'run' ? `\${${meant}}` : `\${${meant}:${name === '' ? 'NAME' : name}}`;
  return { message: `unknown reference ${whole}`, remedy: `did you mean ${example}?` };
}

/** Does this text hold something that is resolved later? */
export function hasReference(text: string): boolean {
  return text.search(resolvedLater) >= 0;
}

/** Every distinct reference that the data holds, such as `env:SHOP_URL`, sorted. */
export function referencesIn(data: unknown): string[] {
  const found = new Set<string>();
  eachText(data, (text: string, _path: Path) => {
    for (const match of text.matchAll(resolvedLater)) if (match[1] !== undefined) found.add(match[1]);
  });
  return [...found].sort();
}
