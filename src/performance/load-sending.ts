import { buildConnector, Client, type Dispatcher } from 'undici';
import type { Outcome } from './load-counting.ts';
import { isNoRoom, outcomeOf } from './load-failures.ts';
import { addChunk, type Got, type Shot, startAnswer } from './load-request.ts';

type Place = { origin: string; client: Client };

/** Told once. `at`: when it ended, on the clock of `performance.now`. */
type Done = (outcome: Outcome, at: number) => void;

/** One request on its way. `deadline`: on the clock of `performance.now`. */
type Flight = { place: Place; deadline: number; over: boolean; done: Done };

/**
 * Connections, one for each request that waits for its answer; a connection that is free is used again, the newest first,
 * so that those that are not needed end by themselves.
 */
export class Sending {
  connected = 0;
  longestInFlight = 0;
  private readonly free = new Map<string, Place[]>();
  /** In the order in which their patience ends. */
  private readonly flights = new Set<Flight>();
  private readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  get inFlight(): number {
    return this.flights.size;
  }

  /** `deadline` must not be before that of an earlier request. */
  send(shot: Shot, deadline: number, done: Done): void {
    const place = this.free.get(shot.origin)?.pop() ?? this.open(shot);
    const flight: Flight = { place, deadline, over: false, done };
    this.flights.add(flight);
    this.longestInFlight = Math.max(this.longestInFlight, this.flights.size);
    place.client.dispatch({ ...shot.options, origin: shot.origin }, this.handler(shot, flight));
  }

  /** Gives up requests whose patience is over. */
  sweep(now: number): void {
    for (const flight of this.flights) {
      if (flight.deadline > now) return;
      this.end(flight, { as: 'timeout' }, false);
      void flight.place.client.destroy();
    }
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    const places = [...[...this.free.values()].flat(), ...[...this.flights].map(({ place }) => place)];
    for (const flight of this.flights) flight.over = true;
    await Promise.all(places.map(({ client }) => client.destroy()));
  }

  private handler(shot: Shot, flight: Flight): Dispatcher.DispatchHandler {
    let status = 0;
    let got: Got | null = null;
    return {
      onRequestStart: () => {},
      onResponseStart: (_controller, code, headers) => {
        status = code;
        if (shot.judged !== null) got = startAnswer(code, headers);
      },
      onResponseData: (_controller, chunk) => {
        if (got !== null) addChunk(got, chunk);
      },
      onResponseEnd: () => {
        if (shot.judged === null || got === null) {
          const right = shot.expects(status);
          this.end(flight, right ? { as: 'ok' } : { as: 'error', kind: `status ${status}` }, true);
        } else this.endJudged(flight, shot.judged(got));
      },
      onResponseError: (_controller, error) => {
        const outcome = outcomeOf(error);
        this.end(flight, outcome, !(outcome.as === 'lost' && isNoRoom(outcome.code)));
      },
    };
  }

  private end(flight: Flight, outcome: Outcome, again: boolean): void {
    const at = performance.now();
    if (this.leave(flight, again)) flight.done(outcome, at);
  }

  /** The connection is free and the time is taken before the answer is judged. */
  private endJudged(flight: Flight, judged: Promise<Outcome>): void {
    const at = performance.now();
    if (this.leave(flight, true)) void judged.then((outcome) => flight.done(outcome, at));
  }

  /** False when it had ended before. */
  private leave(flight: Flight, again: boolean): boolean {
    if (flight.over) return false;
    flight.over = true;
    this.flights.delete(flight);
    if (again) this.placesOf(flight.place.origin).push(flight.place);
    return true;
  }

  private placesOf(origin: string): Place[] {
    const found = this.free.get(origin) ?? [];
    this.free.set(origin, found);
    return found;
  }

  private open({ origin, ca }: Shot): Place {
    const connect = buildConnector({ timeout: this.timeoutMs, ...(ca === undefined ? {} : { ca }) });
    const client = new Client(origin, { connect, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
    client.on('connect', () => {
      this.connected += 1;
    });
    return { origin, client };
  }
}
