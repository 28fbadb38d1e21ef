// The flaw: nobody told production about this variable, so the backend ends while it starts.
const discounts = JSON.parse(process.env.SHOP_DISCOUNTS);

/** Total in cents of lines `[{quantity, priceCents}]`, less the discount for many lines. */
export function total(lines) {
  const sum = lines.reduce((soFar, line) => soFar + line.quantity * line.priceCents, 0);
  return Math.round(sum * (1 - (discounts[lines.length] ?? 0)));
}
