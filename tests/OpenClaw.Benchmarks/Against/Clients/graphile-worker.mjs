// Its own event of a completed job comes before the deletion is sent, so a cycle ends with the answer to that statement: the connection watches for it.
import { Logger, makeWorkerUtils, run as runWorker } from 'graphile-worker';
import pg from 'pg';
import { Endings, run } from './harness.mjs';

await run(async ({ server, name, connections, payload }) => {
  const endings = new Endings();
  class Watching extends pg.Client {
    query(...query) {
      const answer = super.query(...query);
      const [statement] = query;
      if (statement?.name?.startsWith('complete_job')) {
        answer.then(() => [statement.values[0]].flat().forEach(id => endings.tell(String(id))));
      }
      return answer;
    }
  }

  const pgPool = new pg.Pool({ host: server, user: 'postgres', database: 'postgres', max: connections * 2 + 4, Client: Watching });
  pgPool.on('error', error => console.error(error.message));
  pgPool.on('connect', client => client.on('error', error => console.error(error.message)));
  const logger = new Logger(() => (level, message) => level === 'error' && console.error(message));
  const preset = {
    worker: {
      schema: name,
      concurrentJobs: connections,
      // What its page on performance recommends: jobs are fetched and completed together where several are ready.
      localQueue: { size: connections },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  };
  const utils = await makeWorkerUtils({ pgPool, preset, logger });
  await utils.migrate();
  await runWorker({ pgPool, preset, logger, noHandleSignals: true, taskList: { ping: async () => {} } });
  return async () => {
    const job = await utils.addJob('ping', { payload });
    await endings.wait(job.id);
  };
});
