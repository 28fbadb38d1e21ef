#!/usr/bin/env node
// Stands for the docker client, since no registry can be reached: `build` keeps `server.mjs` of the source with its build
// arguments under a tag, `push` puts it into the ECR of the test world as an image. IMAGES: folder of what was built.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const { IMAGES = '', AWS_ENDPOINT_URL = '', AWS_REGION } = process.env;
const [verb = '', ...words] = process.argv.slice(2);

const fileOf = (reference) => join(IMAGES, createHash('sha256').update(reference).digest('hex'));
const after = (word) => words.flatMap((each, index) => (words[index - 1] === word ? [each] : []));

async function build() {
  const given = Object.fromEntries(after('--build-arg').map((name) => [name, process.env[name] ?? '']));
  const program = await readFile(join(words.at(-1) ?? '.', 'server.mjs'), 'utf8');
  const setting = `for (const [name, value] of Object.entries(${JSON.stringify(given)})) process.env[name] ??= value;\n`;
  await writeFile(fileOf(after('--tag')[0] ?? ''), setting + program);
}

/** The manifest as `manifestOf` in programs.ts makes it; moto looks at no signature. */
async function push(reference) {
  const [, repositoryName, imageTag] = /^[^/]+\/(.+):([^:]+)$/.exec(reference) ?? [];
  const program = await readFile(fileOf(reference));
  const type = 'application/vnd.oci.image';
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, digest: `sha256:${'0'.repeat(64)}`, size: program.length },
    layers: [],
    annotations: { 'savepoint.program': program.toString('base64') },
  });
  const answer = await fetch(AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.PutImage',
      authorization: `AWS4-HMAC-SHA256 Credential=TEST/20260101/${AWS_REGION}/ecr/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ repositoryName, imageTag, imageManifest }),
  });
  const text = await answer.text();
  if (!answer.ok && !text.includes('ImageAlreadyExists')) throw new Error(text);
}

if (verb === 'build') await build();
else if (verb === 'tag') await writeFile(fileOf(words[1] ?? ''), await readFile(fileOf(words[0] ?? '')));
else if (verb === 'push') await push(words[0] ?? '');
else if (verb !== 'login') throw new Error(`docker ${verb} is not known here`);
