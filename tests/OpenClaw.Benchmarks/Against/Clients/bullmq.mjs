// The worker tells that a job is completed after Redis has answered, which with appendfsync always is after the sync.
import { Queue, Worker } from 'bullmq';
import { Endings, run } from './harness.mjs';

await run(async ({ server, name, connections, payload }) => {
  const connection = { host: '127.0.0.1', port: server };
  const endings = new Endings();
  const queue = new Queue(name, { connection });
  const worker = new Worker(name, async () => 'pong', { connection, concurrency: connections });
  worker.on('completed', job => endings.tell(job.id));
  await worker.waitUntilReady();
  return async () => {
    const job = await queue.add('ping', { payload });
    await endings.wait(job.id);
  };
});
