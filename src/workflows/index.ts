/** The workflows that a worker serves. */
export { drill } from './drill.ts';
export { release } from './release.ts';
export { review } from './review.ts';
