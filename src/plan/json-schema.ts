import ms from 'ms';
import { z } from 'zod';
import { releaseSchema } from './schema/release.schema.ts';

/** A piece of a JSON Schema, as far as this room looks into it. */
export type JsonSchema = { [key: string]: unknown };

/** The JSON Schema (draft 7, which editors know best) of the plan file, made from the same schemas that load it. */
export function releaseJsonSchema(): JsonSchema {
  return z.toJSONSchema(releaseSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      allowFreeKeys(jsonSchema);
      writeDefault(zodSchema._zod.def, jsonSchema);
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
}

/** Keys that begin with `x-` are free wherever the keys are known. */
function allowFreeKeys(schema: JsonSchema): void {
  if (schema.type === 'object' && schema.additionalProperties === false) schema.patternProperties = { '^x-': {} };
}

/** What a default is in the words of the file: schemas hold milliseconds, people write 10s. */
function writeDefault(def: z.core.$ZodTypeDef, schema: JsonSchema): void {
  const value: unknown = 'defaultValue' in def ? def.defaultValue : undefined;
  if (typeof value !== 'number' || typeof schema.pattern !== 'string') return;
  if (schema.pattern.includes('ms|s|m|h|d')) schema.default = value === 0 ? '0s' : ms(value);
  else if (schema.pattern.endsWith('%$')) schema.default = `${value <= 1 ? value * 100 : value} %`;
}
