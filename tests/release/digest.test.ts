import { describe, expect, test } from 'vitest';
import { type Approved, canonicalJson, releaseDigest } from '../../src/release/digest.ts';

describe('canonical JSON', () => {
  test.each([
    [{ b: 1, a: [true, null, 'x"y'] }, '{"a":[true,null,"x\\"y"],"b":1}'],
    [{ a: { z: 1, b: 2 } }, '{"a":{"b":2,"z":1}}'],
    [[], '[]'],
    [{}, '{}'],
    [null, 'null'],
    ['text', '"text"'],
    [[1, [2]], '[1,[2]]'],
  ])('%j reads %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });
});

describe('the digest that an approval names', () => {
  const text = (approved: Approved): string => releaseDigest(approved, (hashed) => hashed);
  const backend = {
    digest: 'd1',
    location: '/somewhere',
    parts: [
      { name: 'b', digest: '2' },
      { name: 'a', digest: '1' },
    ],
  };
  const approved: Approved = {
    planDigest: 'p',
    artefacts: { frontend: { digest: 'd2', location: null, parts: [] }, backend },
    secrets: [
      { name: 'B', version: '2' },
      { name: 'A', version: '1' },
    ],
  };

  test('covers plan, artefacts with their parts and secrets, each in one order', () => {
    expect(text(approved)).toBe(
      '{"artefacts":[{"digest":"d1","parts":[{"digest":"1","name":"a"},{"digest":"2","name":"b"}],"target":"backend"},' +
        '{"digest":"d2","parts":[],"target":"frontend"}],"format":1,"planDigest":"p",' +
        '"secrets":[{"name":"A","version":"1"},{"name":"B","version":"2"}]}',
    );
  });

  test('leaves out where an artefact lies, and does not depend on the order in which things are named', () => {
    const elsewhere = { ...backend, location: '/elsewhere', parts: backend.parts.toReversed() };
    const other = {
      ...approved,
      artefacts: { ...approved.artefacts, backend: elsewhere },
      secrets: approved.secrets.toReversed(),
    };
    expect(text(other)).toBe(text(approved));
  });

  test('names compare by their characters, equal ones are equal', () => {
    const secrets = ['b', 'a', 'c', 'a', 'B'].map((name, index) => ({ name, version: `${index}` }));
    const order = /"secrets":(.*)}$/.exec(text({ ...approved, secrets }))?.[1] ?? '';
    expect(
      [...order.matchAll(/"name":"(.)","version":"(.)"/g)].map(([, name, version]) => `${name}${version}`),
    ).toEqual(['B4', 'a1', 'a3', 'b0', 'c2']);
  });

  test('parts of the same name keep their order', () => {
    const parts = [
      { name: 'a', digest: '2' },
      { name: 'a', digest: '1' },
    ];
    const twice = { ...approved, artefacts: { backend: { ...backend, parts } } };
    expect(text(twice)).toContain('[{"digest":"2","name":"a"},{"digest":"1","name":"a"}]');
  });
});
