/** Total in cents of lines `[{quantity, priceCents}]`. */
export function total(lines) {
  return lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0);
}
