import type { z } from 'zod';
import type { KindTraits } from '../release/target.ts';
import { awsEcsSchema, awsEcsTraits } from './aws-ecs/aws-ecs.schema.ts';
import { awsRdsSchema, awsRdsTraits } from './aws-rds/aws-rds.schema.ts';
import { cloudfrontSchema, cloudfrontTraits } from './cloudfront/cloudfront.schema.ts';
import { commandSchema, commandTraits } from './command/command.schema.ts';
import { memoryDatabaseSchema, memoryDatabaseTraits, memorySchema, memoryTraits } from './memory/memory.schema.ts';
import { postgresSchema, postgresTraits } from './postgres/postgres.schema.ts';
import { processSchema, processTraits } from './process/process.schema.ts';
import { redisSchema, redisTraits } from './redis/redis.schema.ts';
import { s3SiteSchema, s3SiteTraits } from './s3-site/s3-site.schema.ts';
import { siteSchema, siteTraits } from './site/site.schema.ts';

/** Every kind of target: what may be written for it and what it can do. No vendor code is loaded by this table. */
export const targetKinds = {
  postgres: { schema: postgresSchema, traits: postgresTraits },
  process: { schema: processSchema, traits: processTraits },
  site: { schema: siteSchema, traits: siteTraits },
  command: { schema: commandSchema, traits: commandTraits },
  'aws-ecs': { schema: awsEcsSchema, traits: awsEcsTraits },
  's3-site': { schema: s3SiteSchema, traits: s3SiteTraits },
  cloudfront: { schema: cloudfrontSchema, traits: cloudfrontTraits },
  'aws-rds': { schema: awsRdsSchema, traits: awsRdsTraits },
  redis: { schema: redisSchema, traits: redisTraits },
  memory: { schema: memorySchema, traits: memoryTraits },
  'memory-database': { schema: memoryDatabaseSchema, traits: memoryDatabaseTraits },
} satisfies Record<string, { schema: z.ZodObject; traits: KindTraits }>;
