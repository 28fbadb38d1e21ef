/**
 * What happens to a worker at one point of a release:
 *
 * - `killed before`: SIGKILL when the activity has come to the worker and nothing of it was called
 * - `killed during`: SIGKILL when work on the effect has begun (the world's file says so), or else while the call runs
 * - `killed after`: SIGKILL when the effect is there and Temporal was not told
 * - `frozen before`, `frozen during`: SIGSTOP there, and SIGCONT when another worker has gone past it
 * - `frozen at the edge`: SIGSTOP between its look at the world and the effect: it will act on what it saw long ago
 * - `answer lost`: the effect is there, and Temporal is told to try again
 * - `one of two killed`: two workers serve from the beginning, and the one that got the activity is killed during it
 * - `server killed`: SIGKILL for the Temporal server before the call, which then runs while nobody can be told
 */
export const ways = [
  'killed before',
  'killed during',
  'killed after',
  'frozen before',
  'frozen during',
  'frozen at the edge',
  'answer lost',
  'one of two killed',
  'server killed',
] as const;
export type Way = (typeof ways)[number];

/** `point`: name of the activity as the journal gives it · `afterMs`: how far `during` is, where no world's file tells. */
export type Strike = { way: Way; point: string; afterMs?: number };

export function freezes(way: Way): boolean {
  return way.startsWith('frozen');
}

export function kills(way: Way): boolean {
  return way.startsWith('killed') || way === 'one of two killed';
}

/** Needs a worker process of its own: nobody else is to be hit. */
export function hitsWorker(way: Way): boolean {
  return freezes(way) || kills(way);
}
