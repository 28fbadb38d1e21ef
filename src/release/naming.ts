/**
 * Eight characters that stand for a release in names that people read. They are the last ones: ids begin with the time,
 * so that releases of the same minute share their first characters.
 */
export function shortRelease(release: string): string {
  return release
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(-8)
    .padStart(8, '0');
}
