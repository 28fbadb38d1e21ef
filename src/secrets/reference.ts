/** Where references are resolved. `home`: absolute directory of the plan file. */
export type Surroundings = { env: Readonly<Record<string, string | undefined>>; home: string };

/**
 * `version` tells two values of one name apart without showing either; null where the source has none. `certain`: the
 * source keeps secrets and nothing else; left out: the name tells, or the value does.
 */
export type Found = { value: string; version: string | null; certain?: boolean };

/** Why there is no value; shown to people, so it never holds one. */
export type Missing = { missing: string };

/** Reads what follows the colon in `${kind:name}`. */
export type ReadReference = (name: string, surroundings: Surroundings) => Promise<Found | Missing>;
