import mime from 'mime';
import { isPage } from '../site/pages.ts';
import type { S3SiteSpec } from './s3-site.schema.ts';

/** What may change under one name, and so in which order it is replaced and how long it may be cached. */
export type FileClass = 'hashed' | 'others' | 'pages';

type Sorting = Pick<S3SiteSpec, 'hashed' | 'cacheControl' | 'contentTypes'>;

export function classOf(path: string, { hashed }: Sorting): FileClass {
  if (isPage(path)) return 'pages';
  return new RegExp(hashed).test(path) ? 'hashed' : 'others';
}

export function headersOf(path: string, spec: Sorting): { contentType: string; cacheControl: string } {
  return { contentType: contentType(path, spec), cacheControl: spec.cacheControl[classOf(path, spec)] };
}

function contentType(path: string, { contentTypes }: Sorting): string {
  const name = path.split('/').at(-1) ?? path;
  const own = contentTypes[name] ?? contentTypes[name.replace(/^.*\./, '')];
  if (own !== undefined) return own;
  const found = mime.getType(path) ?? 'application/octet-stream';
  return found.startsWith('text/') ? `${found}; charset=utf-8` : found;
}

/**
 * The order in which files are replaced, lot after lot: what pages need is there before them, and the front page comes
 * last, since most users begin there.
 */
export function inOrder(paths: readonly string[], spec: Sorting): string[][] {
  const of = (wanted: FileClass): string[] => paths.filter((path) => classOf(path, spec) === wanted).toSorted();
  const front = /^index\.html?$/i;
  const pages = of('pages');
  const lots = [
    of('hashed'),
    of('others'),
    pages.filter((path) => !front.test(path)),
    pages.filter((path) => front.test(path)),
  ];
  return lots.filter((lot) => lot.length > 0);
}
