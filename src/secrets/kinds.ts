import type { ReadReference } from './reference.ts';

/** Every kind of reference. A vendor's client is loaded only where a plan names its kind. */
export const referenceKinds: Record<string, () => Promise<ReadReference>> = {
  env: async () => (await import('./env.ts')).readEnv,
  file: async () => (await import('./file.ts')).readReferencedFile,
  'aws-secret': async () => (await import('./aws-secret.ts')).readAwsSecret,
  'aws-ssm': async () => (await import('./aws-ssm.ts')).readAwsParameter,
};
