/** Room for the attempts of one call between two fences: every fence of a call is its base and the number of the attempt. */
export const attemptsPerCall = 1000;

/**
 * What all attempts of one call have in common, and no other call has. A release that is resumed makes a call of an
 * earlier run once more, with the same key: where the world moved there and back meanwhile, the key alone would find an
 * effect that is out of date.
 */
export function baseOf(fence: number): number {
  return Math.floor(fence / attemptsPerCall);
}
