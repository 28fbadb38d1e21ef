import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type EvidenceApp, startEvidenceApp } from '../support/evidence-app/app.ts';
import { freshState, noFaults } from '../support/evidence-app/state.ts';

/** One application for all tests of a file, healthy and empty again before each; ask for it inside a test. */
export function evidenceForFile(): () => EvidenceApp {
  let app: EvidenceApp | undefined;
  const there = (): EvidenceApp => {
    if (app === undefined) throw new Error('the application starts in beforeAll');
    return app;
  };
  beforeAll(async () => {
    app = await startEvidenceApp();
  });
  beforeEach(() => {
    Object.assign(there().faults, noFaults);
    Object.assign(there().state, freshState());
  });
  afterAll(() => app?.stop());
  return there;
}

/** An address where nothing listens any more. */
export async function closedUrl(): Promise<string> {
  const app = await startEvidenceApp();
  await app.stop();
  return app.url;
}
