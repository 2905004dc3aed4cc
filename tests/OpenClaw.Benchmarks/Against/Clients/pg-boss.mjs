import { PgBoss } from 'pg-boss';
import { run } from './harness.mjs';

await run(async ({ server, name, connections, payload }) => {
  const boss = new PgBoss({ host: server, user: 'postgres', database: 'postgres', schema: name, max: connections + 4 });
  boss.on('error', error => console.error(error.message));
  await boss.start();
  await boss.createQueue('ping');
  return async () => {
    await boss.send('ping', { payload });
    // Another lane may have taken ours while its own was on its way.
    let job;
    while (!job) [job] = await boss.fetch('ping');
    await boss.complete('ping', job.id, { result: 'pong' });
  };
});
