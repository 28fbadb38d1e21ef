import { describe, expect, it } from 'vitest';
import { load, said, shopWith } from './plans.ts';

type Case = { on: string; changes: [piece: string, by: string][]; says: string[] };

const cases: Case[] = [
  {
    on: 'no deciders',
    changes: [['deciders: [product-owner]', 'deciders: []']],
    says: ['release.yaml:7:25: gates.go-no-go.deciders: must name at least one person'],
  },
  {
    on: 'a decider nobody knows',
    changes: [['deciders: [product-owner]', 'deciders: [product-onwer]']],
    says: [
      'release.yaml:7:26: gates.go-no-go.deciders[0]: nobody in people is called product-onwer; did you mean "product-owner"?',
    ],
  },
  {
    on: 'an escalation to nobody',
    changes: [
      ['deciders: [deployment-lead],', 'deciders: [deployment-lead], escalate: [{ after: 5m, to: engineering }],'],
    ],
    says: [
      'release.yaml:8:71: questions.escalate[0].to: nobody in people is called engineering; known are product-owner, deployment-lead',
    ],
  },
  {
    on: 'more needed than can answer',
    changes: [['needs: 1', 'needs: 2']],
    says: [
      'release.yaml:7:49: gates.go-no-go.needs: needs 2 deciders and only 1 can answer; name more deciders or need fewer',
    ],
  },
  {
    on: 'a decider named twice',
    changes: [['deciders: [product-owner], needs: 1', 'deciders: [product-owner, product-owner], needs: 1']],
    says: ['release.yaml:7:41: gates.go-no-go.deciders[1]: product-owner is named twice; name everybody once'],
  },
  {
    on: 'a reminder after the deadline',
    changes: [['remindEvery: 5m', 'remindEvery: 30m']],
    says: [
      'release.yaml:8:71: questions.remindEvery: the first reminder comes when the deadline is over; remind more often than the deadline',
    ],
  },
  {
    on: 'an escalation after the deadline',
    changes: [['remindEvery: 5m', 'escalate: [{ after: 1h, to: product-owner }]']],
    says: [
      'release.yaml:8:78: questions.escalate[0].after: product-owner is told when the deadline is over; escalate before the deadline',
    ],
  },
  {
    on: 'nobody who answers',
    changes: [
      ['gates:\n  go-no-go: { deciders: [product-owner], needs: 1 }\n', ''],
      ['questions: { deciders: [deployment-lead], deadline: 30m, remindEvery: 5m }\n', ''],
    ],
    says: [
      'release.yaml:1:1: nobody answers when something fails; add questions: { deciders: [...] }',
      'release.yaml:1:1: warning: gates: nobody is asked before the release changes something; add gates: { go-no-go: { deciders: [...] } }',
    ],
  },
  {
    on: 'an unknown person in an attestation',
    changes: [['smoke:\n', 'smoke:\n  - { name: backup seen, kind: attest, statement: I saw it, by: [owner] }\n']],
    says: [
      'release.yaml:27:66: smoke[0].by[0]: nobody in people is called owner; known are product-owner, deployment-lead',
    ],
  },
];

describe('A plan whose people cannot decide is refused with', () => {
  it.each(cases)('one exact message on $on', async ({ changes, says }) => {
    const result = await load(shopWith(...changes));
    expect(said(result)).toEqual(says);
    expect(result).toHaveProperty('problems');
  });
});
