/** Now in milliseconds since 1970, with fractions; comparable within this process and with what memory worlds note. */
export function instant(): number {
  return performance.timeOrigin + performance.now();
}
