const form = document.querySelector('#order');
const euros = (cents) => `${(cents / 100).toFixed(2)} €`;

async function showProducts() {
  const products = await (await fetch('/api/products')).json();
  for (const product of products) {
    const item = document.createElement('li');
    item.textContent = `${product.name}: ${euros(product.priceCents)}`;
    document.querySelector('#products').append(item);
    form.elements.product.append(new Option(product.name, product.id));
  }
}

// One key per filled-in form: pressing the button again after a lost answer orders nothing twice.
let key = crypto.randomUUID();

async function order(event) {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  const response = await fetch('/api/orders', {
    method: 'POST',
    body: JSON.stringify({
      idempotencyKey: key,
      customer: { name: fields.name, email: fields.email },
      lines: [{ product: Number(fields.product), quantity: Number(fields.quantity) }],
      note: fields.note,
    }),
  });
  const answer = await response.json();
  if (response.ok) key = crypto.randomUUID();
  form.querySelector('output').textContent = response.ok
    ? `Thank you. Order ${answer.id}, ${euros(answer.totalCents)}.`
    : answer.error;
}

form.addEventListener('submit', order);
await showProducts();
