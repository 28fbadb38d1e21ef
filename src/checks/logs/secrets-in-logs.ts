import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import type { Answer, Asking, Check, Secret } from '../../release/check.ts';
import { answerOf, pending } from '../answer.ts';
import { type Source, sourcesOf } from '../sources.ts';
import type { SecretsInLogsSpec } from './secrets-in-logs.schema.ts';

/** Looks whether secrets were printed. It says where and what kind, never the value. */
export const secretsInLogs: Check<SecretsInLogsSpec> = { ask };

/** `what`: a reference such as `env:API_KEY`, or a kind of secret. */
type Find = { what: string; where: string };

async function ask({ spec, home, signal, secrets }: Asking<SecretsInLogsSpec>): Promise<Answer> {
  const sources = await sourcesOf(spec, { home, signal });
  if (sources.length === 0) return pending(`there is no file ${spec.files.join(', ')}`, '', 'check the path');
  const known = spec.known ? ((await secrets?.()) ?? []) : [];
  const finds: Find[] = [];
  for (const source of sources) {
    finds.push(...knownIn(source, known));
    if (spec.patterns) finds.push(...(await patternsIn(source)));
    signal.throwIfAborted();
  }
  const counted = finds.filter(({ what }) => !spec.ignore.includes(what));
  const cut = sources.some(({ wholly }) => !wholly);
  const lines = sources.reduce((sum, { text }) => sum + text.split('\n').length, 0);
  return answerOf({
    failures: [...new Set(counted.map(({ what, where }) => `${what} is printed in ${where}`))],
    warnings: cut ? ['only the last 20 MB were read'] : [],
    seen: `${lines} lines of ${sources.length} sources, ${known.length} known values`,
    good: `no secret in ${lines} lines`,
    remedy: 'stop logging it, remove those lines, and replace the secret: whoever reads logs knows it',
  });
}

function knownIn({ name, text }: Source, known: readonly Secret[]): Find[] {
  return known.flatMap(({ reference, forms }) => {
    const at = Math.min(...forms.map((form) => text.indexOf(form)).filter((index) => index >= 0));
    return Number.isFinite(at) ? [{ what: reference, where: `${name}:${text.slice(0, at).split('\n').length}` }] : [];
  });
}

async function patternsIn({ name, text }: Source): Promise<Find[]> {
  const { messages } = await lintSource({
    source: { filePath: name, content: text, contentType: 'text' },
    options: {
      config: { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator }] },
      maskSecrets: true,
    },
  });
  return messages.map(({ messageId, loc }) => ({ what: messageId, where: `${name}:${loc.start.line}` }));
}
