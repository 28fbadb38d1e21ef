import { fileURLToPath } from 'node:url';

const setup: { isBuilt(): boolean } = await import(new URL('../../scripts/setup.mjs', import.meta.url).href);
/** Asked once: a build that somebody makes meanwhile changes nothing for this file. */
const isBuilt = setup.isBuilt();

/** `options`: what Node needs to load `file`. */
export type Program = { options: string[]; file: string };

/**
 * A file of the program, named without its ending (`cli/main`), as a test starts it: built, as people do, where the build
 * is of the source as it is now (`npm test` sees to that), else from source, which takes twice as long to load.
 */
export function program(name: string): Program {
  const place = isBuilt ? `../../dist/${name}.js` : `../../src/${name}.ts`;
  const file = fileURLToPath(new URL(place, import.meta.url));
  return { options: isBuilt ? [] : ['--import', import.meta.resolve('tsx')], file };
}
