#!/usr/bin/env node
// Plays the docker CLI: an image is the file program.mjs of the directory that it is built in. Every call is noted.
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';

const store = process.env.DOCKER_STORE;
const [verb, ...rest] = process.argv.slice(2);
const at = (image) => join(store, Buffer.from(image).toString('base64url'));
const stdin = verb === 'login' ? readFileSync(0, 'utf8') : '';
appendFileSync(join(store, 'calls'), `${JSON.stringify({ words: process.argv.slice(2), stdin })}\n`);

function manifestOf(program) {
  const type = 'application/vnd.oci.image';
  const configuration = createHash('sha256').update(program).digest('hex');
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, digest: `sha256:${configuration}`, size: program.length },
    layers: [],
    annotations: { 'savepoint.program': Buffer.from(program).toString('base64') },
  });
}

const verbs = {
  login() {},
  build() {
    let program = readFileSync('program.mjs', 'utf8');
    for (let index = 0; index < rest.length; index += 1) {
      if (rest[index] !== '--build-arg') continue;
      const name = rest[index + 1];
      program = program.replaceAll(`__${name}__`, process.env[name]);
    }
    writeFileSync(at(rest[rest.indexOf('--tag') + 1]), program);
  },
  tag: () => copyFileSync(at(rest[0]), at(rest[1])),
  image() {
    const program = readFileSync(at(rest.at(-1)), 'utf8');
    console.log(`sha256:${createHash('sha256').update(program).digest('hex')}`);
  },
  async push() {
    if (!existsSync(at(rest[0]))) throw new Error(`An image does not exist locally with the tag: ${rest[0]}`);
    const [, repositoryName, imageTag] = /^[^/]+\/(.+):([^:]+)$/.exec(rest[0]);
    const imageManifest = manifestOf(readFileSync(at(rest[0]), 'utf8'));
    await new ECRClient({}).send(new PutImageCommand({ repositoryName, imageTag, imageManifest }));
  },
};

try {
  await verbs[verb]();
} catch (error) {
  console.error(String(error.message));
  process.exitCode = 1;
}
