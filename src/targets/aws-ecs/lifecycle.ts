import type { ImageDetail } from '@aws-sdk/client-ecr';

/** One rule of a lifecycle policy, as far as it is understood (ECR guide, lifecycle policy properties). */
type Rule = {
  priority: number;
  description: string;
  tagStatus: string;
  prefixes: string[];
  patterns: string[];
  countType: string;
  count: number;
  action: string;
};

/** `due`: a rule will remove it within the time · `unknown`: a rule selects it and cannot be judged · `rule`: for people */
export type Fate = { state: 'stays' } | { state: 'due' | 'unknown'; rule: string };

/**
 * - `image`: the one that is needed for the way back, with its tags as they will be after the release
 * - `others`: every image of the repository · `coming`: how many this release pushes · `nowMs`, `forMs`: how long it must stay
 */
export type Question = {
  policy: string;
  image: ImageDetail;
  others: readonly ImageDetail[];
  coming: number;
  nowMs: number;
  forMs: number;
};

/** Will a lifecycle policy remove the image while it may still be needed? Only the first rule that selects it counts. */
export function fateOf(question: Question): Fate {
  const rule = readRules(question.policy).find((one) => selects(one, question.image));
  if (rule === undefined) return { state: 'stays' };
  const named = `rule ${rule.priority}${rule.description === '' ? '' : ` (${rule.description})`}`;
  if (rule.action !== 'expire') return { state: 'unknown', rule: named };
  switch (rule.countType) {
    case 'sinceImagePushed': {
      const pushed = question.image.imagePushedAt?.getTime() ?? 0;
      const removedAt = pushed + rule.count * 24 * 60 * 60_000;
      return removedAt > question.nowMs + question.forMs ? { state: 'stays' } : { state: 'due', rule: named };
    }
    case 'imageCountMoreThan':
      return rank(rule, question) + question.coming <= rule.count ? { state: 'stays' } : { state: 'due', rule: named };
    default:
      return { state: 'unknown', rule: named };
  }
}

/** Its place among the images that the rule selects, the newest is 1. */
function rank(rule: Rule, { image, others }: Question): number {
  const pushed = image.imagePushedAt?.getTime() ?? 0;
  const newer = others.filter(
    (one) =>
      one.imageDigest !== image.imageDigest && selects(rule, one) && (one.imagePushedAt?.getTime() ?? 0) >= pushed,
  );
  return newer.length + 1;
}

/** With several prefixes or patterns an image must have a tag for each of them (ECR guide). */
function selects(rule: Rule, { imageTags: tags = [] }: ImageDetail): boolean {
  if (rule.tagStatus === 'any') return true;
  if (rule.tagStatus === 'untagged') return tags.length === 0;
  if (tags.length === 0) return false;
  const prefixes = rule.prefixes.every((prefix) => tags.some((tag) => tag.startsWith(prefix)));
  const patterns = rule.patterns.every((pattern) => tags.some((tag) => asExpression(pattern).test(tag)));
  return prefixes && patterns;
}

function asExpression(pattern: string): RegExp {
  const escaped = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`);
}

/** By priority. A policy that cannot be read has none: ECR itself refuses such a policy. */
function readRules(policy: string): Rule[] {
  const rules: unknown = Reflect.get(Object(JSON.parse(policy)), 'rules');
  if (!Array.isArray(rules)) return [];
  return rules.map(readRule).sort((a, b) => a.priority - b.priority);
}

function readRule(rule: unknown): Rule {
  const of = (value: unknown, name: string): unknown => Reflect.get(Object(value), name);
  const words = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
  const selection = of(rule, 'selection');
  return {
    priority: Number(of(rule, 'rulePriority')),
    description: String(of(rule, 'description') ?? ''),
    tagStatus: String(of(selection, 'tagStatus')),
    prefixes: words(of(selection, 'tagPrefixList')),
    patterns: words(of(selection, 'tagPatternList')),
    countType: String(of(selection, 'countType')),
    count: Number(of(selection, 'countNumber')),
    action: String(of(of(rule, 'action'), 'type') ?? 'expire'),
  };
}
