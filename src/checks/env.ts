import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'dotenv';
import type { Answer, Asking, Check } from '../release/check.ts';
import { answerOf, pending } from './answer.ts';
import type { EnvRule, EnvSpec } from './env.schema.ts';

/** Looks at environment variables, of the worker or in a file. It says names and lengths, never a value. */
export const env: Check<EnvSpec> = { ask };

type Variables = Readonly<Record<string, string | undefined>>;

async function ask({ spec, home }: Asking<EnvSpec>): Promise<Answer> {
  const variables = spec.file === undefined ? process.env : await variablesIn(resolve(home, spec.file));
  if (variables === null) return pending(`${spec.file} cannot be read`, '', 'check its path and its rights');
  return judged(spec, variables);
}

async function variablesIn(file: string): Promise<Variables | null> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function judged(spec: EnvSpec, variables: Variables): Answer {
  const { required, recommended, optional, rules } = spec;
  const isSet = (name: string): boolean => (variables[name] ?? '') !== '';
  const conditional = Object.entries(rules).filter(([, { requiredIf }]) => isAsked(requiredIf, variables));
  const needed = [...new Set([...required, ...conditional.map(([name]) => name)])];
  const wrong = (name: string): string[] => (isSet(name) ? wrongs(name, variables[name] ?? '', rules[name]) : []);
  const named = [...new Set([...needed, ...Object.keys(rules)])].filter((name) => !recommended.includes(name));
  const unset = Object.entries(optional).filter(([name]) => !isSet(name));
  return answerOf({
    failures: [
      ...needed.filter((name) => !isSet(name)).map((name) => `${name} is not set`),
      ...named.flatMap(wrong),
      ...Object.keys(optional)
        .filter((name) => !named.includes(name))
        .flatMap(wrong),
    ],
    warnings: recommended.flatMap((name) => (isSet(name) ? wrong(name) : [`${name} is not set, and should be`])),
    seen: [
      `set: ${[...named, ...recommended].filter(isSet).join(', ') || 'none'}`,
      ...unset.map(([name, value]) => `${name} is not set: ${value === '' ? 'empty' : value} holds`),
    ].join('\n'),
    good: `${needed.length} required variables are set and look right`,
    remedy: `set them in ${spec.file ?? 'the environment of the worker'}; no value is shown here`,
  });
}

function isAsked(condition: EnvRule['requiredIf'], variables: Variables): boolean {
  if (condition === undefined) return false;
  if (typeof condition === 'string') return (variables[condition] ?? '') !== '';
  return Object.entries(condition).every(([name, value]) => variables[name] === value);
}

/** What is wrong with a value that is set, one line each, without the value. */
function wrongs(name: string, value: string, rule: EnvRule | undefined): string[] {
  const { minLength = 0, url, oneOf, matches, placeholder = false } = rule ?? {};
  const problems: string[] = [];
  if (!placeholder && !oneOf?.includes(value) && looksUnfilled(value))
    problems.push(`${name} still looks like a placeholder`);
  if (value.trim() !== value) problems.push(`${name} begins or ends with white space`);
  if (value.length < minLength) problems.push(`${name} has ${value.length} characters, needs at least ${minLength}`);
  if (url !== undefined) problems.push(...urlProblems(name, value, url));
  if (oneOf !== undefined && !oneOf.includes(value)) problems.push(`${name} is none of ${oneOf.join(', ')}`);
  if (matches !== undefined && !new RegExp(matches, 'u').test(value))
    problems.push(`${name} does not match /${matches}/`);
  return problems;
}

function urlProblems(name: string, value: string, schemes: true | string[]): string[] {
  if (!URL.canParse(value)) return [`${name} is no address`];
  const { protocol, host } = new URL(value);
  if (schemes !== true && !schemes.includes(protocol.slice(0, -1)))
    return [`${name} begins with ${protocol}, expected ${schemes.join(' or ')}`];
  return host === '' && protocol !== 'file:' ? [`${name} names no host`] : [];
}

/** What templates and examples hold where a value belongs; also inside addresses. */
const unfilled: readonly RegExp[] = [
  /change[-_ ]?(me|this|it)/i,
  /replace[-_ ]?(me|this|with)/i,
  /(^|[^a-z])your[-_][a-z0-9_-]+/i,
  /(^|[^a-z])(insert|enter|put|fill)[-_ ](your|in|here|the)/i,
  /^<.*>$|^\[.*\]$|^\{\{.*\}\}$|^\$\{.*\}$/,
  /^(x{3,}|\*{3,}|\.{3,}|-+|todo|tbd|fixme|null|undefined|dummy|placeholder|example|secret|password|test|abc123|123456+)$/i,
  /placeholder|dummy[-_]/i,
  /(sk|pk)_test_x+/i,
];

function looksUnfilled(value: string): boolean {
  return unfilled.some((pattern) => pattern.test(value.trim()));
}
