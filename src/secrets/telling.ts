const secretName =
  /password|passwd|passphrase|secret|token|credential|(api|private|access|signing|encryption)_?key|(^|_)(pass|pwd|dsn)($|_)/i;

/** Can it only be a secret, by its name or its value? `name`: of a variable, or a reference such as `file:key`. */
export function isCertain(name: string, value: string): boolean {
  return name.startsWith('file:') || secretName.test(name) || hasPassword(value);
}

/**
 * May it be told? An address without user, path and parameters that a variable of a harmless name holds may: people
 * must see what does not answer. A path may be a secret, as that of a chat's webhook.
 */
export function isOpen(reference: string, value: string): boolean {
  if (!reference.startsWith('env:') || isCertain(reference, value) || !URL.canParse(value)) return false;
  const { host, username, password, pathname, search, hash } = new URL(value);
  return host !== '' && /^\/?$/.test(pathname) && [username, password, search, hash].every((part) => part === '');
}

function hasPassword(value: string): boolean {
  // This runs for every variable at every call, and hardly any of them is an address with a password.
  return value.includes('@') && URL.canParse(value) && new URL(value).password !== '';
}
