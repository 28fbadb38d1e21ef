/**
 * What can be wrong with the application. Each is a mistake that real applications make; tests plant one and look
 * whether the check of its kind finds it, and no other does.
 */
export type Faults = {
  /** Answers 503. */
  down: boolean;
  /** Takes any signature of a webhook. */
  unsignedWebhooks: boolean;
  /** Refuses signatures that are right. */
  wrongSecret: boolean;
  /** Reads the claims of a token without looking at its signature. */
  forgedTokens: boolean;
  /** Takes tokens that have expired. */
  expiredTokens: boolean;
  noRateLimit: boolean;
  noRateLimitHeaders: boolean;
  /** Allows every origin that asks. */
  reflectsOrigin: boolean;
  anyOrigin: boolean;
  /** Sets cookies without Secure, HttpOnly and SameSite. */
  plainCookies: boolean;
  /** Shows the campaigns of every tenant. */
  leaksTenants: boolean;
  /** Reports are HTML pages with an error. */
  brokenReports: boolean;
  /** Seed and demo endpoints answer. */
  openSeeds: boolean;
  /** The script of the page is not there. */
  brokenAsset: boolean;
  /** The page writes an error into the console, a warning, or throws. */
  consoleError: boolean;
  consoleWarning: boolean;
  uncaughtError: boolean;
  /** The page asks another site for what is not there. */
  brokenTracker: boolean;
  /** Mails are kept and never sent. */
  noMail: boolean;
  /** Mails lead to another host. */
  wrongMailLink: boolean;
  /** What is reported never arrives at the tracker. */
  lostErrors: boolean;
  /** Milliseconds added to every answer. */
  slowMs: number;
};

export type User = { email: string; password: string; tenant: string; verified: boolean };
export type Campaign = { id: number; tenant: string; name: string };
export type WebhookEvent = { source: string; id: string; body: string };

/** Everything that the application keeps. Tests may look into it: it is the world that checks are about. */
export type State = {
  users: Map<string, User>;
  /** Session id → e-mail address. */
  sessions: Map<string, string>;
  campaigns: Campaign[];
  events: WebhookEvent[];
  /** Mails as they would have been sent. */
  mails: { to: string; link: string }[];
  /** Address of the server that mails are sent through; null keeps them. */
  smtp: string | null;
  /** Errors that the tracker has. */
  reports: { id: number; title: string }[];
  /** Requests since the minute began, by who sent them. */
  counted: Map<string, number>;
  requests: number;
  statusPage: { indicator: string; description: string; components: { name: string; status: string }[] };
  uptime: { ratio: number; state: string };
};

export const noFaults: Faults = {
  down: false,
  unsignedWebhooks: false,
  wrongSecret: false,
  forgedTokens: false,
  expiredTokens: false,
  noRateLimit: false,
  noRateLimitHeaders: false,
  reflectsOrigin: false,
  anyOrigin: false,
  plainCookies: false,
  leaksTenants: false,
  brokenReports: false,
  openSeeds: false,
  brokenAsset: false,
  consoleError: false,
  consoleWarning: false,
  uncaughtError: false,
  brokenTracker: false,
  noMail: false,
  wrongMailLink: false,
  lostErrors: false,
  slowMs: 0,
};

export function freshState(): State {
  return {
    users: new Map([
      [
        'admin@shop-a.test',
        { email: 'admin@shop-a.test', password: 'correct horse', tenant: 'shop-a', verified: true },
      ],
    ]),
    sessions: new Map(),
    campaigns: [
      { id: 1, tenant: 'shop-a', name: 'Spring' },
      { id: 2, tenant: 'shop-b', name: 'Private' },
    ],
    events: [],
    mails: [],
    smtp: null,
    reports: [],
    counted: new Map(),
    requests: 0,
    statusPage: {
      indicator: 'none',
      description: 'All Systems Operational',
      components: [
        { name: 'API', status: 'operational' },
        { name: 'Webhooks', status: 'operational' },
      ],
    },
    uptime: { ratio: 99.98, state: 'up' },
  };
}
