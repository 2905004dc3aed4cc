// Full cycles through BullMQ: 32 at a time, each one job added, processed and completed.
// Run where `npm install bullmq` was run: node bullmq.mjs PORT CONNECTIONS WARMUP_SECONDS SECONDS
import { Queue, Worker } from 'bullmq';

const [port, connections, warmup, seconds] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port };
const waiting = new Map();
const queue = new Queue('bench', { connection });
const worker = new Worker('bench', async () => 'pong', { connection, concurrency: connections });
worker.on('completed', job => waiting.get(job.id)?.());
await worker.waitUntilReady();

let counting = false;
let stopping = false;
const milliseconds = [];
async function cycles(lane) {
  for (let i = 0; !stopping; i++) {
    const id = `${lane}-${i}`;
    const counted = counting;
    const start = process.hrtime.bigint();
    const completed = new Promise(resolve => waiting.set(id, resolve));
    await queue.add('ping', { payload: 'hello' }, { jobId: id });
    await completed;
    waiting.delete(id);
    if (counted && counting) milliseconds.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
}

const lanes = Array.from({ length: connections }, (_, i) => cycles(`lane${i}`));
await new Promise(resolve => setTimeout(resolve, warmup * 1000));
counting = true;
const start = process.hrtime.bigint();
await new Promise(resolve => setTimeout(resolve, seconds * 1000));
counting = false;
const elapsed = Number(process.hrtime.bigint() - start) / 1e9;
stopping = true;
await Promise.all(lanes);
milliseconds.sort((a, b) => a - b);
const part = p => milliseconds[Math.min(milliseconds.length - 1, Math.ceil(milliseconds.length * p) - 1)];
console.log(JSON.stringify({ rate: milliseconds.length / elapsed, p50_ms: part(0.5), p99_ms: part(0.99) }));
process.exit(0);
