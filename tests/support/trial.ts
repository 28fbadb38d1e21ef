import type { Json } from '../../src/release/json.ts';
import type { Artefact, Call, Savepoint, Step } from '../../src/release/target.ts';
import type { ConformanceWorld } from './conformance.ts';

type Attempt<Spec> = { verb: string; release?: string; fence?: number; spec?: Spec; signal?: AbortSignal };

/** A world with the calls that a release would make. Fences grow by themselves; keys are stable per release and verb. */
export class Trial<Spec, State extends Json, Change extends string> {
  readonly world: ConformanceWorld<Spec, State, Change>;
  readonly results: Json[] = [];
  pinned: Artefact | null = null;
  fence = 100;

  constructor(world: ConformanceWorld<Spec, State, Change>) {
    this.world = world;
  }

  call(attempt: Attempt<Spec>): Call<Spec> {
    const release = attempt.release ?? 'aaaaaaaa-1111-4111-8111-111111111111';
    this.fence += 1;
    return {
      spec: attempt.spec ?? this.world.spec,
      application: 'conformance',
      environment: 'test',
      target: 'thing',
      release,
      home: this.world.home,
      key: `${release}/thing/${attempt.verb}`,
      fence: attempt.fence ?? this.fence,
      pinned: this.pinned,
      signal: attempt.signal ?? new AbortController().signal,
      log: { info: () => {}, warn: () => {} },
    };
  }

  /** Looks again until the step is done, each time as a new attempt, as a release does after a crash, or as one. */
  async drive<T>(attempt: Attempt<Spec>, step: (call: Call<Spec>) => Promise<Step<T>>): Promise<T> {
    const giveUpAt = Date.now() + 60_000;
    const first = this.call(attempt);
    while (Date.now() < giveUpAt) {
      const answer = await step(this.world.oneAttempt === true ? first : this.call(attempt));
      if (answer.state === 'done') {
        this.results.push(JSON.parse(JSON.stringify(answer.value ?? null)) as Json);
        return answer.value;
      }
      if (answer.state === 'ask') throw new Error(`asked a person: ${answer.question}`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(answer.lookAgainMs, 200)));
    }
    throw new Error(`${attempt.verb} was not done within a minute`);
  }

  async prepare(options: Partial<Attempt<Spec>> = {}, version = this.world.version): Promise<void> {
    const { kind } = this.world;
    const begin = kind.prepare;
    if (begin === undefined) return;
    this.pinned = await this.drive({ verb: 'prepare', ...options }, (call) => begin(call, version));
  }

  save(options: Partial<Attempt<Spec>> = {}): Promise<Savepoint<State>> {
    return this.drive({ verb: 'save', ...options }, (call) => this.world.kind.save(call));
  }

  async applyAll(options: Partial<Attempt<Spec>> = {}): Promise<void> {
    for (const change of this.world.changes) await this.apply(change, options);
  }

  apply(change: Change, options: Partial<Attempt<Spec>> = {}, version = this.world.version): Promise<Json> {
    return this.drive({ verb: `apply ${change}`, ...options }, (call) => this.world.kind.apply(call, change, version));
  }

  restore(to: Savepoint<State>, options: Partial<Attempt<Spec>> = {}) {
    return this.drive({ verb: 'restore', ...options }, (call) => this.world.kind.restore(call, to));
  }

  fingerprint() {
    return this.world.kind.fingerprint(this.call({ verb: 'fingerprint' }));
  }
}
