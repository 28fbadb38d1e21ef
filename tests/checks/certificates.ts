import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type Certificate = { key: string; cert: string };

/** A certificate that signs itself, made now by openssl. `name`: a host name or an IP address. */
export async function selfSigned(days: number, name = '127.0.0.1'): Promise<Certificate> {
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-tls-'));
  try {
    const kind = /^[0-9.]+$/.test(name) ? 'IP' : 'DNS';
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days ${days} -subj /CN=test -addext subjectAltName=${kind}:${name}`;
    await promisify(execFile)('openssl', words.split(' '), { cwd: directory });
    const read = (file: string) => readFile(join(directory, file), 'utf8');
    return { key: await read('key.pem'), cert: await read('cert.pem') };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
