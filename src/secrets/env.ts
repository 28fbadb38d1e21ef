import type { Found, Missing, Surroundings } from './reference.ts';

/** `${env:NAME}`. An empty variable counts as missing: it is nearly always a forgotten one. */
export async function readEnv(name: string, { env }: Surroundings): Promise<Found | Missing> {
  const value = env[name];
  return value === undefined || value === '' ? { missing: 'is not set' } : { value, version: null };
}
