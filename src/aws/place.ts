/** Where an AWS account is reached: `awsFields` of a spec. Null: what the SDK finds where the worker runs. */
export type AwsPlace = { region: string | null; endpoint: string | null; profile: string | null };
