import { query } from 'jsonpath-rfc9535';
import type { Json } from '../../release/json.ts';

/** The first value at a JSON path as text; null where there is none, where it is null, and where the text is no JSON. */
export function firstAt(path: string, text: string): string | null {
  try {
    const [first] = query(JSON.parse(text), path) as Json[];
    if (first === undefined || first === null) return null;
    return typeof first === 'object' ? JSON.stringify(first) : String(first);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
