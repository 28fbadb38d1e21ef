import {
  flag,
  inherited,
  list,
  type ModifyInput,
  plain,
  type Setting,
  type Settings,
  settingOf,
  text,
  type Value,
} from './setting.ts';

/** Backups and maintenance. */
export const care: Setting[] = [
  plain('backup retention', 'BackupRetentionPeriod'),
  {
    name: 'backup window',
    read: ({ PreferredBackupWindow }) => PreferredBackupWindow ?? null,
    restore: (value, all) =>
      value === null || all['backup retention'] === 0 ? {} : { PreferredBackupWindow: text(value) },
    modify: (value) => (value === null ? {} : { PreferredBackupWindow: text(value) }),
  },
  {
    // No restore takes it (botocore, rds service-2.json).
    name: 'maintenance window',
    read: ({ PreferredMaintenanceWindow }) => PreferredMaintenanceWindow ?? null,
    modify: (value) => (value === null ? {} : { PreferredMaintenanceWindow: text(value) }),
  },
  flag('tags copied to snapshots', 'CopyTagsToSnapshot'),
  {
    name: 'place of backups',
    read: ({ BackupTarget }) => BackupTarget ?? null,
    restore: (value) => (value === null ? {} : { BackupTarget: text(value) }),
  },
];

/** What people see of it. */
export const sight: Setting[] = [
  {
    name: 'log exports',
    read: ({ EnabledCloudwatchLogsExports = [] }) => [...EnabledCloudwatchLogsExports].sort(),
    restore: (value) => (list(value).length === 0 ? {} : { EnableCloudwatchLogsExports: list(value) }),
    modify: (value, now) => ({
      CloudwatchLogsExportConfiguration: {
        EnableLogTypes: list(value).filter((each) => !list(now).includes(each)),
        DisableLogTypes: list(now).filter((each) => !list(value).includes(each)),
      },
    }),
  },
  {
    // Enhanced monitoring, Performance Insights and its mode are taken by no restore (botocore, rds service-2.json).
    name: 'monitoring interval',
    read: ({ MonitoringInterval }) => MonitoringInterval ?? 0,
    modify: (value, _now, all) => monitoring(value, settingOf(all, 'monitoring role')),
  },
  {
    name: 'monitoring role',
    read: ({ MonitoringRoleArn }) => MonitoringRoleArn ?? null,
    modify: (value, _now, all) => monitoring(settingOf(all, 'monitoring interval'), value),
  },
  {
    name: 'Performance Insights',
    read: ({ PerformanceInsightsEnabled }) => PerformanceInsightsEnabled === true,
    modify: (value, _now, all) => insights(value, all),
  },
  {
    name: 'Performance Insights retention',
    read: ({ PerformanceInsightsRetentionPeriod }) => PerformanceInsightsRetentionPeriod ?? null,
    modify: (_value, _now, all) => insights(settingOf(all, 'Performance Insights'), all),
  },
  inherited('Performance Insights key', ({ PerformanceInsightsKMSKeyId }) => PerformanceInsightsKMSKeyId ?? null),
  {
    name: 'Database Insights',
    read: ({ DatabaseInsightsMode }) => DatabaseInsightsMode ?? null,
    modify: (value) => (value === 'standard' || value === 'advanced' ? { DatabaseInsightsMode: value } : {}),
  },
];

function monitoring(interval: Value, role: Value): Partial<ModifyInput> {
  if (interval === null || interval === 0) return { MonitoringInterval: 0 };
  return { MonitoringInterval: Number(interval), MonitoringRoleArn: text(role) };
}

function insights(enabled: Value, all: Settings): Partial<ModifyInput> {
  if (enabled !== true) return { EnablePerformanceInsights: false };
  const days = all['Performance Insights retention'];
  const key = all['Performance Insights key'];
  return {
    EnablePerformanceInsights: true,
    ...(typeof days === 'number' ? { PerformanceInsightsRetentionPeriod: days } : {}),
    ...(typeof key === 'string' ? { PerformanceInsightsKMSKeyId: key } : {}),
  };
}
