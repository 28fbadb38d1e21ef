import type { Clock } from '../checks/clock.ts';
import { systemClock } from '../checks/clock.ts';
import { measureBaseline } from './baseline.ts';
import { atBoundary } from './boundary.ts';
import { runChecks } from './checks.ts';
import { certify, observe, readCase, readCertificates } from './drilling.ts';
import type { Activities } from './inputs.ts';
import { measureBefore, measurePerformance } from './performance.ts';
import { pin } from './pinning.ts';
import { readPrevious, readRelease } from './previous.ts';
import { rehearse } from './rehearsal/rehearse.ts';
import { report } from './reporting.ts';
import { targetActivities } from './targets.ts';
import { tell } from './telling.ts';
import { watchPoint } from './watching.ts';
import { openWindow } from './window.ts';

/** The durable hands by the names that the Temporal UI shows. `clock`: how the watch and the checks see time pass. */
export function createActivities({ clock = systemClock }: { clock?: Clock } = {}): Activities {
  return {
    ...targetActivities,
    readPrevious,
    readRelease,
    pin,
    rehearse: (input) => rehearse(input, clock),
    preflight: (input) => runChecks(input, clock),
    verify: (input) => runChecks(input, clock),
    logs: (input) => runChecks(input, clock),
    smoke: (input) => runChecks(input, clock),
    monitoring: (input) => runChecks(input, clock),
    performance: (input) => measurePerformance(input, clock),
    performanceBefore: (input) => measureBefore(input, clock),
    baseline: (input) => measureBaseline(input, clock),
    watch: (input) => watchPoint(input, clock),
    openWindow: (input) => atBoundary(() => openWindow(input)),
    tell,
    observe,
    readCase,
    certify,
    readCertificates,
    report,
  };
}
