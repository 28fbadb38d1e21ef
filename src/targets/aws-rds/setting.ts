import type {
  DBInstance,
  ModifyDBInstanceMessage,
  RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeMessage,
} from '@aws-sdk/client-rds';
import type { Json } from '../../release/json.ts';

/** What both ways of restoring an instance understand. */
export type RestoreInput = Omit<
  RestoreDBInstanceFromDBSnapshotMessage & RestoreDBInstanceToPointInTimeMessage,
  'DBInstanceIdentifier' | 'DBSnapshotIdentifier' | 'SourceDBInstanceIdentifier' | 'TargetDBInstanceIdentifier'
>;
export type ModifyInput = Omit<ModifyDBInstanceMessage, 'DBInstanceIdentifier'>;
export type Value = string | number | boolean | string[] | null;
export type Settings = Record<string, Json>;

/**
 * One setting of an instance.
 *
 * - `read`: from DescribeDBInstances; null: it has none
 * - `restore`: passed when the instance is restored. Without it RDS takes a default, not what the old instance has
 *   (RDS guide, "Restoring to a DB instance", considerations)
 * - `modify`: set afterwards by ModifyDBInstance, where the restore does not take it or did not keep it
 * - neither: it comes with the snapshot, and nobody can set it
 */
export type Setting = {
  name: string;
  read: (instance: DBInstance) => Value;
  restore?: (value: Value, all: Settings) => Partial<RestoreInput>;
  modify?: (value: Value, now: Value, all: Settings) => Partial<ModifyInput>;
};

export const text = (value: Value | undefined): string => String(value ?? '');
export const list = (value: Value): string[] => (Array.isArray(value) ? value : []);

/** A setting that all three requests call the same. */
export function plain<K extends string & keyof RestoreInput & keyof ModifyInput & keyof DBInstance>(
  name: string,
  key: K,
): Setting {
  return {
    name,
    read: (instance) => simple(instance[key]),
    restore: (value) => (value === null ? {} : { [key]: value }),
    modify: (value) => (value === null ? {} : { [key]: value }),
  };
}

export function simple(value: unknown): Value {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** One that is on or off; what RDS does not tell of is off. */
export function flag<K extends string & keyof RestoreInput & keyof ModifyInput & keyof DBInstance>(
  name: string,
  key: K,
): Setting {
  const given = (value: Value) => ({ [key]: value === true });
  return { name, read: (instance) => instance[key] === true, restore: given, modify: given };
}

/** It comes with the snapshot. */
export function inherited(name: string, read: Setting['read']): Setting {
  return { name, read };
}

/** By name, as it was read; null where it was not. */
export function settingOf(all: Settings, name: string): Value {
  const value = all[name];
  return Array.isArray(value) ? value.map(String) : simple(value);
}
