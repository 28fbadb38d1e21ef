import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { type DevServer, startDevServer } from '../../src/dev/temporal.ts';
import { searchAttributes } from '../../src/release/search-attributes.ts';
import { findTestServer } from './test-server.ts';

export type TemporalForTests = DevServer & { client: Client };

/**
 * One real dev server on free ports with the settings that users get; one per test file. In memory unless `dataFile` is
 * given; with its UI when `ui` is set. Stop it in `afterAll`.
 */
export async function startTemporal(options: { ui?: boolean; dataFile?: string } = {}): Promise<TemporalForTests> {
  const uiPort = options.ui ? 0 : null;
  const server = await startDevServer({ dataFile: options.dataFile ?? null, port: 0, uiPort });
  try {
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection, namespace: server.namespace });
    const stop = async (): Promise<void> => {
      await connection.close();
      await server.stop();
    };
    return { ...server, client, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/**
 * The time-skipping server, one per test: 48 hours pass in seconds while nothing runs. Always stop it with `teardown` in
 * `finally`. It has no list and no reset, and time stands still while an activity runs.
 *
 * @throws Error when it is not installed; ask `findTestServer` first and skip with its reason
 */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const server = await findTestServer();
  if ('missing' in server) throw new Error(server.missing);
  const executable = { type: 'existing-path', path: server.path } as const;
  const create = () => TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  // The SDK gives Java five seconds, which is not enough on a machine that does much else.
  const environment = await create().catch(create).catch(create);
  try {
    // Without them a workflow that sets one retries its task for ever.
    await environment.connection.operatorService.addSearchAttributes({
      namespace: environment.namespace ?? 'default',
      searchAttributes: Object.fromEntries(searchAttributes.map(({ name }) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
    });
    return environment;
  } catch (error) {
    await environment.teardown();
    throw error;
  }
}
