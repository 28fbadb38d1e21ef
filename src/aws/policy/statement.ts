/** Conditions as IAM writes them: operator → key → value, or several of which one must hold. */
export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** What parts of a plan need to be allowed on what, and why. `of`: names of targets; `purpose`: one word. */
export type Need = {
  of: readonly string[];
  purpose: string;
  actions: readonly string[];
  resources: readonly string[];
  condition?: Condition;
  why: string;
};

/** As it stands in the policy. `sid`: letters and digits, unique; it names the parts of the plan. */
export type Statement = Omit<Need, 'of' | 'purpose'> & { sid: string };

/** Where the resources of one part of a plan are; `*` where that is not known. */
export type Ground = { partition: string; region: string; account: string };

/** One part of a plan that speaks to AWS. `name`: of the target, or of the group of checks. */
export type Part<Spec> = { name: string; spec: Spec; ground: Ground };

/** The partition of a region (AWS General Reference, "ARN format"). */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function arn(service: string, resource: string, { partition, region, account }: Ground): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** A resource of a service that knows no regions. */
export function globalArn(service: string, resource: string, ground: Ground): string {
  return arn(service, resource, { ...ground, region: '' });
}

/** What is only known where the worker runs matches anything. */
export function known(text: string): string {
  return text.replace(/\$\{[^}]*\}/g, '*');
}

/** `shop-backend` and `Images` → `ShopBackendImages`. */
export function sidOf(...words: string[]): string {
  return words
    .flatMap((word) => word.split(/[^A-Za-z0-9]+/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** AWS gives no resource for these actions, so that nothing narrower than `*` is possible. */
export const anything: readonly string[] = ['*'];
