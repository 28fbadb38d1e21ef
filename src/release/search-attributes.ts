/** Keyword search attributes that a namespace must have before a release can start. Never secrets: they are not encoded. */
export const applicationAttribute = { name: 'SavepointApplication', type: 'KEYWORD' } as const;
export const environmentAttribute = { name: 'SavepointEnvironment', type: 'KEYWORD' } as const;
export const versionAttribute = { name: 'SavepointVersion', type: 'KEYWORD' } as const;
export const phaseAttribute = { name: 'SavepointPhase', type: 'KEYWORD' } as const;
export const outcomeAttribute = { name: 'SavepointOutcome', type: 'KEYWORD' } as const;

export const searchAttributes = [
  applicationAttribute,
  environmentAttribute,
  versionAttribute,
  phaseAttribute,
  outcomeAttribute,
] as const;
