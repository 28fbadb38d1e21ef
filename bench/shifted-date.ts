const RealDate = globalThis.Date;

/**
 * Lets this process's clock follow a world whose time goes on by leaps. What is timed by `setTimeout` or
 * `performance.now()` stays as it is.
 */
export function shiftClock(): { by(ms: number): void; end(): void } {
  let shift = 0;
  class ShiftedDate extends RealDate {
    constructor(...given: [] | [value: number | string | Date]) {
      super(given[0] ?? RealDate.now() + shift);
    }
    static override now(): number {
      return RealDate.now() + shift;
    }
  }
  globalThis.Date = ShiftedDate as DateConstructor;
  return {
    by(ms) {
      shift += ms;
    },
    end() {
      globalThis.Date = RealDate;
    },
  };
}
