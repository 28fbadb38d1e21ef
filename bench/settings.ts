/** The settings of Savepoint's own worker, for bare workers beside it: the comparison is about the workflow. */
export const workerSettings = {
  shutdownGraceTime: '8s',
  shutdownForceTime: '20s',
  stickyQueueScheduleToStartTimeout: '3s',
  maxHeartbeatThrottleInterval: '1s',
} as const;

/** Of a PostgreSQL that keeps what it was given, with room for this machine. */
export const serverSettings = [
  'fsync=on',
  'log_statement=none',
  'log_connections=off',
  'shared_buffers=512MB',
  'max_wal_size=4GB',
  'maintenance_work_mem=256MB',
];
