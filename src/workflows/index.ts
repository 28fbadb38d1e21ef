/** The workflows that a worker serves. */
export { release } from './release.ts';
export { review } from './review.ts';
