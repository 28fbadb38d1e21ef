import { buildConnector, Client, type Dispatcher } from 'undici';
import type { Outcome } from './load-counting.ts';
import { isNoRoom, outcomeOf } from './load-failures.ts';
import { addChunk, type Got, type Shot, startAnswer } from './load-request.ts';

type Place = { origin: string; client: Client };

/** `dueMs`: when it should have left, from the start. `ended`: told once, after it was counted. */
export type Ticket = { dueMs: number; ended(outcome: Outcome): void };

/** `at`: when it ended, on the clock of `performance.now`. */
type Told = (ticket: Ticket, outcome: Outcome, at: number) => void;

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
  private readonly told: Told;

  constructor(timeoutMs: number, told: Told) {
    this.timeoutMs = timeoutMs;
    this.told = told;
  }

  get inFlight(): number {
    return this.flights.size;
  }

  /** `deadline`, on the clock of `performance.now`, must not be before that of an earlier request. */
  send(shot: Shot, deadline: number, ticket: Ticket): void {
    const place = this.free.get(shot.origin)?.pop() ?? this.open(shot);
    const flight = new Flight(this, { shot, place, deadline, ticket });
    this.flights.add(flight);
    if (this.flights.size > this.longestInFlight) this.longestInFlight = this.flights.size;
    place.client.dispatch(shot.options, flight);
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

  /** `again`: its connection can be used for another one. */
  end(flight: Flight, outcome: Outcome, again: boolean): void {
    const at = performance.now();
    if (this.leave(flight, again)) this.told(flight.ticket, outcome, at);
  }

  /** The connection is free and the time is taken before the answer is judged. */
  endJudged(flight: Flight, judged: Promise<Outcome>): void {
    const at = performance.now();
    if (this.leave(flight, true)) void judged.then((outcome) => this.told(flight.ticket, outcome, at));
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
    const found = this.free.get(origin);
    if (found !== undefined) return found;
    const places: Place[] = [];
    this.free.set(origin, places);
    return places;
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

const ok: Outcome = { as: 'ok' };

type Departure = { shot: Shot; place: Place; deadline: number; ticket: Ticket };

/**
 * One request on its way, told by undici of its progress. The older form of its handler: the newer one parses the headers
 * of each answer, which costs a third of all (decision 0014).
 */
class Flight implements Dispatcher.DispatchHandler {
  over = false;
  readonly place: Place;
  readonly deadline: number;
  readonly ticket: Ticket;
  private readonly sending: Sending;
  private readonly shot: Shot;
  private status = 0;
  private got: Got | null = null;

  constructor(sending: Sending, { shot, place, deadline, ticket }: Departure) {
    this.sending = sending;
    this.shot = shot;
    this.place = place;
    this.deadline = deadline;
    this.ticket = ticket;
  }

  onConnect(): void {}

  onHeaders(status: number, headers: Buffer[]): boolean {
    this.status = status;
    if (this.shot.judged !== null) this.got = startAnswer(status, headers);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.got !== null) addChunk(this.got, chunk);
    return true;
  }

  onComplete(): void {
    const { shot, got, status } = this;
    if (shot.judged !== null && got !== null) this.sending.endJudged(this, shot.judged(got));
    else this.sending.end(this, shot.expects(status) ? ok : { as: 'error', kind: `status ${status}` }, true);
  }

  onError(error: Error): void {
    const outcome = outcomeOf(error);
    this.sending.end(this, outcome, !(outcome.as === 'lost' && isNoRoom(outcome.code)));
  }
}
