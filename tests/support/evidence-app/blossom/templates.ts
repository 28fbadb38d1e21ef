/** What a template became. `problems`: unknown variables and filters. */
export type Rendered = { text: string; problems: string[] };

type Variables = Readonly<Record<string, unknown>>;

const filters: Record<string, (value: string, argument: string) => string> = {
  upcase: (value) => value.toUpperCase(),
  capitalize: (value) => value.slice(0, 1).toUpperCase() + value.slice(1),
  default: (value, argument) => (value === '' ? argument : value),
  money: (value) => `$${(Number(value) / 100).toFixed(2)}`,
};

/** `{{ name | filter: "argument" }}`, as merchants write it. */
export function render(template: string, variables: Variables, { wholeMoney = false } = {}): Rendered {
  const problems: string[] = [];
  const text = template.replace(/\{\{\s*([\w.]+)\s*((?:\|[^|}]*)*)\}\}/g, (_, name: string, chain: string) => {
    const steps = chain
      .split('|')
      .slice(1)
      .map((step) => step.trim());
    const known = Object.hasOwn(variables, name);
    if (!known && !steps.some((step) => step.startsWith('default'))) problems.push(`unknown variable ${name}`);
    return steps.reduce(
      (value, step) => {
        const [filter = '', argument = ''] = step.split(/:\s*/);
        const apply = Object.hasOwn(filters, filter) ? filters[filter] : undefined;
        if (apply === undefined) problems.push(`unknown filter ${filter}`);
        if (wholeMoney && filter === 'money') return `$${Math.floor(Number(value) / 100)}`;
        return apply === undefined ? value : apply(value, argument.replace(/^["']|["']$/g, ''));
      },
      known ? String(variables[name]) : '',
    );
  });
  return { text, problems };
}

/** 160 characters fit into one SMS, 153 into each part of a longer one. */
export function segmentsOf(text: string): number {
  return text.length <= 160 ? 1 : Math.ceil(text.length / 153);
}
