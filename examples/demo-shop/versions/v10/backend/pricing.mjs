/** Total in cents of lines `[{quantity, priceCents}]`. The flaw: every order is given a cent. */
export function total(lines) {
  return lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0) - 1;
}
