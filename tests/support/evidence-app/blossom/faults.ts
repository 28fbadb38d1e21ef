/**
 * What can be wrong with the part that has a database and queues. Each is a mistake that real applications make. What
 * is wrong in the database or in Redis itself, tests do there.
 */
export type BlossomFaults = {
  /** Answers carry no `x-request-id`. */
  noRequestId: boolean;
  /** A webhook is stored and never put into the queue. */
  webhooksNotEnqueued: boolean;
  /** A webhook is put into the queue and never stored. */
  webhooksNotStored: boolean;
  /** Refuses an unsigned webhook with 401, and stores and enqueues it all the same. */
  keepsRefusedWebhooks: boolean;
  /** Strict mode lets unknown variables and filters through. */
  strictModeOff: boolean;
  /** The filter `money` forgets the cents. */
  brokenFilters: boolean;
  /** One segment, however long the text is. */
  wrongEstimate: boolean;
  /** Says that a campaign was changed, and forgets it. */
  forgetsChanges: boolean;
  /** A test message is accepted and never sent. */
  losesTestMessages: boolean;
  /** Reports are computed each time. */
  cacheNeverHits: boolean;
  /** Milliseconds added to every fourth report. */
  reportDelayMs: number;
  /** Names of metrics that are not exposed. */
  missingMetrics: string[];
  /** Counters stay as they are. */
  frozenMetrics: boolean;
};

export const noBlossomFaults: Readonly<BlossomFaults> = {
  noRequestId: false,
  webhooksNotEnqueued: false,
  webhooksNotStored: false,
  keepsRefusedWebhooks: false,
  strictModeOff: false,
  brokenFilters: false,
  wrongEstimate: false,
  forgetsChanges: false,
  losesTestMessages: false,
  cacheNeverHits: false,
  reportDelayMs: 0,
  missingMetrics: [],
  frozenMetrics: false,
};
