import type { DBInstance } from '@aws-sdk/client-rds';
import type { FingerprintPart } from '../../release/fingerprint.ts';
import {
  flag,
  inherited,
  list,
  type ModifyInput,
  plain,
  type RestoreInput,
  type Setting,
  type Settings,
  settingOf,
  simple,
  text,
  type Value,
} from './setting.ts';
import { care, sight } from './upkeep.ts';

/**
 * gp3 below 400 GiB has 3,000 IOPS and 125 MiB/s, and a request that names them is refused (RDS guide, "gp3 storage").
 */
function mayNameSpeed(all: Settings): boolean {
  const type = all['storage type'];
  return type === 'gp3' ? Number(all.storage) >= 400 : type !== 'gp2' && type !== 'standard';
}

const storage: Setting[] = [
  plain('storage', 'AllocatedStorage'),
  plain('storage type', 'StorageType'),
  {
    name: 'IOPS',
    read: ({ Iops }) => simple(Iops),
    restore: (value, all) => (value === null || !mayNameSpeed(all) ? {} : { Iops: Number(value) }),
    modify: (value, _now, all) => (value === null || !mayNameSpeed(all) ? {} : { Iops: Number(value) }),
  },
  {
    name: 'storage throughput',
    read: ({ StorageThroughput }) => simple(StorageThroughput),
    restore: (value, all) => (value === null || !mayNameSpeed(all) ? {} : { StorageThroughput: Number(value) }),
    modify: (value, _now, all) => (value === null || !mayNameSpeed(all) ? {} : { StorageThroughput: Number(value) }),
  },
  {
    // Only a restore to a point in time takes it (botocore, rds service-2.json).
    name: 'storage autoscaling limit',
    read: ({ MaxAllocatedStorage }) => simple(MaxAllocatedStorage),
    modify: (value, _now, all) => ({ MaxAllocatedStorage: Number(value ?? all.storage) }),
  },
  flag('dedicated log volume', 'DedicatedLogVolume'),
  inherited('encryption', ({ StorageEncrypted }) => StorageEncrypted === true),
  inherited('encryption key', ({ KmsKeyId }) => KmsKeyId ?? null),
];

const network: Setting[] = [
  {
    name: 'port',
    read: ({ Endpoint, DbInstancePort }) => Endpoint?.Port ?? (DbInstancePort || null),
    restore: (value) => (value === null ? {} : { Port: Number(value) }),
    modify: (value) => (value === null ? {} : { DBPortNumber: Number(value) }),
  },
  {
    name: 'subnet group',
    read: ({ DBSubnetGroup }) => DBSubnetGroup?.DBSubnetGroupName ?? null,
    restore: (value) => (value === null ? {} : { DBSubnetGroupName: text(value) }),
  },
  {
    name: 'security groups',
    read: ({ VpcSecurityGroups = [] }) => VpcSecurityGroups.map((one) => one.VpcSecurityGroupId ?? '').sort(),
    restore: (value) => (list(value).length === 0 ? {} : { VpcSecurityGroupIds: list(value) }),
    modify: (value) => (list(value).length === 0 ? {} : { VpcSecurityGroupIds: list(value) }),
  },
  flag('publicly accessible', 'PubliclyAccessible'),
  plain('network type', 'NetworkType'),
  flag('Multi-AZ', 'MultiAZ'),
  {
    // With a standby RDS chooses the zones, and a request that names one is refused.
    name: 'availability zone',
    read: ({ MultiAZ, AvailabilityZone }) => (MultiAZ === true ? null : (AvailabilityZone ?? null)),
    restore: (value) => (value === null ? {} : { AvailabilityZone: text(value) }),
  },
  {
    name: 'customer-owned addresses',
    read: ({ CustomerOwnedIpEnabled }) => CustomerOwnedIpEnabled === true,
    restore: (value) => (value === true ? { EnableCustomerOwnedIp: true } : {}),
    modify: (value) => ({ EnableCustomerOwnedIp: value === true }),
  },
  {
    name: 'certificate',
    read: ({ CACertificateIdentifier }) => CACertificateIdentifier ?? null,
    restore: (value) => (value === null ? {} : { CACertificateIdentifier: text(value) }),
    modify: (value) => (value === null ? {} : { CACertificateIdentifier: text(value) }),
  },
  {
    name: 'domain',
    read: ({ DomainMemberships = [] }) => DomainMemberships[0]?.Domain ?? null,
    restore: (value, all) =>
      value === null ? {} : { Domain: text(value), DomainIAMRoleName: text(settingOf(all, 'role for the domain')) },
    modify: (value, _now, all) =>
      value === null ? {} : { Domain: text(value), DomainIAMRoleName: text(settingOf(all, 'role for the domain')) },
  },
  inherited('role for the domain', ({ DomainMemberships = [] }) => DomainMemberships[0]?.IAMRoleName ?? null),
];

const server: Setting[] = [
  plain('class', 'DBInstanceClass'),
  inherited('engine version', ({ EngineVersion }) => EngineVersion ?? null),
  inherited('master user', ({ MasterUsername }) => MasterUsername ?? null),
  plain('license', 'LicenseModel'),
  flag('minor upgrades', 'AutoMinorVersionUpgrade'),
  plain('support after the end of life', 'EngineLifecycleSupport'),
  {
    name: 'parameter group',
    read: ({ DBParameterGroups = [] }) => DBParameterGroups[0]?.DBParameterGroupName ?? null,
    restore: (value) => (value === null ? {} : { DBParameterGroupName: text(value) }),
    modify: (value) => (value === null ? {} : { DBParameterGroupName: text(value) }),
  },
  {
    name: 'option group',
    read: ({ OptionGroupMemberships = [] }) => OptionGroupMemberships[0]?.OptionGroupName ?? null,
    // The default one of a version is what RDS takes by itself.
    restore: (value) => (value === null || text(value).startsWith('default:') ? {} : { OptionGroupName: text(value) }),
    modify: (value) => (value === null ? {} : { OptionGroupName: text(value) }),
  },
  {
    name: 'processor features',
    read: ({ ProcessorFeatures = [] }) => ProcessorFeatures.map(({ Name, Value: of }) => `${Name}=${of}`).sort(),
    restore: (value) => (list(value).length === 0 ? {} : { ProcessorFeatures: list(value).map(asFeature) }),
    modify: (value) =>
      list(value).length === 0
        ? { UseDefaultProcessorFeatures: true }
        : { ProcessorFeatures: list(value).map(asFeature) },
  },
  {
    name: 'IAM authentication',
    read: ({ IAMDatabaseAuthenticationEnabled }) => IAMDatabaseAuthenticationEnabled === true,
    restore: (value) => ({ EnableIAMDatabaseAuthentication: value === true }),
    modify: (value) => ({ EnableIAMDatabaseAuthentication: value === true }),
  },
  flag('deletion protection', 'DeletionProtection'),
];

function asFeature(written: string): { Name: string; Value: string } {
  const [Name = '', ...rest] = written.split('=');
  return { Name, Value: rest.join('=') };
}

/** Every setting that a restored instance must have as the one that it replaces. Tags and roles are set by requests of their own. */
export const settings: readonly Setting[] = [...server, ...storage, ...network, ...care, ...sight];

/** What RDS says of an instance, by the names above. */
export function readSettings(instance: DBInstance): Settings {
  return Object.fromEntries(settings.map(({ name, read }) => [name, read(instance)]));
}

/** `modify`: one request that sets what may be set afterwards. `lost`: what nobody can set, in words. */
export type Differing = { names: string[]; modify: Partial<ModifyInput>; lost: string[] };

/** How a restored instance differs from the one that was saved. */
export function differing(wanted: Settings, now: Settings): Differing {
  const found: Differing = { names: [], modify: {}, lost: [] };
  for (const { name, modify } of settings) {
    const want = settingOf(wanted, name);
    const have = settingOf(now, name);
    if (!Object.hasOwn(wanted, name) || isEqual(want, have)) continue;
    found.names.push(name);
    const change = modify?.(want, have, wanted) ?? {};
    if (Object.keys(change).length === 0) found.lost.push(`${name}: ${shown(want)} is ${shown(have)}`);
    Object.assign(found.modify, change);
  }
  return found;
}

/** What a restore is asked for. */
export function restoreInput(wanted: Settings): Partial<RestoreInput> {
  return Object.assign({}, ...settings.map(({ name, restore }) => restore?.(settingOf(wanted, name), wanted) ?? {}));
}

function isEqual(one: Value, other: Value): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function shown(value: Value): string {
  return value === null ? 'not set' : Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}

/** One part for each setting, to be compared for equality. */
export function settingsParts(all: Settings): FingerprintPart[] {
  return Object.keys(all).map((name) => {
    const value = settingOf(all, name);
    return { name: `setting: ${name}`, level: 'structure', value: JSON.stringify(value), detail: shown(value) };
  });
}
