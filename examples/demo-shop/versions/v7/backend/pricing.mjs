/** Total in cents of lines `[{quantity, priceCents}]`. The flaw: three lamps for the price of one. */
export function total(lines) {
  return lines.reduce((sum, line) => sum + line.priceCents, 0);
}
