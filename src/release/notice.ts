import type { Json } from './json.ts';
import type { NoticeEvent } from './plan.ts';
import type { Log } from './target.ts';

/** What people are told. `link` points into the Temporal UI; `command` answers the question. */
export type Message = {
  event: NoticeEvent;
  application: string;
  environment: string;
  version: string;
  release: string;
  workflowId: string;
  subject: string;
  body: string;
  to: string[];
  question: Json | null;
};

/** `spec`: this notice's part of the plan, references resolved. */
export interface Telling<Spec> {
  spec: Spec;
  message: Message;
  /** Stable per notice and event, so that the receiver can drop a repetition. */
  key: string;
  home: string;
  signal: AbortSignal;
  log: Log;
}

/** One way to reach people. A failure to tell is thrown and never stops a release. */
export interface Notice<Spec> {
  tell(telling: Telling<Spec>): Promise<void>;
}
