/**
 * A reference to an image, taken apart. `account` and `region` are null where the registry is not Amazon ECR.
 * `repository`: its name inside the registry.
 */
export type ImageName = {
  registry: string | null;
  account: string | null;
  region: string | null;
  repository: string;
  tag: string | null;
  digest: string | null;
};

/** Addresses of private registries, also of China, GovCloud and dual-stack endpoints (ECR guide, private registries). */
const ecrRegistry = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/;

/** `registry/repository:tag@digest`; every part but the repository may be left out. */
export function parseImage(reference: string): ImageName {
  const [named = '', digest = null] = reference.split('@');
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const registry = /[.:]/.test(first) || first === 'localhost' ? first : null;
  const rest = registry === null ? named : named.slice(slash + 1);
  const colon = rest.lastIndexOf(':');
  const found = registry === null ? null : ecrRegistry.exec(registry);
  return {
    registry,
    account: found?.[1] ?? null,
    region: found?.[2] ?? null,
    repository: colon < 0 ? rest : rest.slice(0, colon),
    tag: colon < 0 ? null : rest.slice(colon + 1),
    digest,
  };
}

/** Address of the repository, without tag and digest. */
export function repositoryOf({ registry, repository }: Pick<ImageName, 'registry' | 'repository'>): string {
  return registry === null ? repository : `${registry}/${repository}`;
}

/** The reference that always means the same bytes. */
export function pinnedImage(reference: string, digest: string): string {
  return `${repositoryOf(parseImage(reference))}@${digest}`;
}

/** Lies in a private registry of Amazon ECR, which can be asked for its digest. */
export function isEcr(image: ImageName): image is ImageName & { account: string; region: string; registry: string } {
  return image.account !== null;
}

/** A few characters of a digest, for people. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
