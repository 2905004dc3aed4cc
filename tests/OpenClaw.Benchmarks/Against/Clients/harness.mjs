// The load that all clients share: so many lanes at a time, each one cycle (create, claim, finish) after the other, warm before it counts.
// A client's file gives setUp(options), which returns cycle(lane, n). It is run as: node CLIENT.mjs '{"server":…,"name":…,"connections":32,…}'
// It ends with one JSON line.
export async function run(setUp) {
  const options = JSON.parse(process.argv[2]);
  const cycle = await setUp({ ...options, payload: 'x'.repeat(options.payloadBytes) });
  let counting = false;
  let stopping = false;
  const milliseconds = [];

  async function work(lane) {
    for (let n = 0; !stopping; n++) {
      const counted = counting;
      const start = performance.now();
      await cycle(lane, n);
      if (counted && counting) milliseconds.push(performance.now() - start);
    }
  }

  const pause = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000));
  // What fails in a lane ends the process with its message: a rate without it would be a lie.
  for (let lane = 0; lane < options.connections; lane++) work(lane);
  await pause(options.warmup);
  counting = true;
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await pause(options.seconds);
  counting = false;
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  stopping = true;
  milliseconds.sort((a, b) => a - b);
  const part = p => milliseconds[Math.max(0, Math.ceil(milliseconds.length * p) - 1)] ?? null;
  const count = milliseconds.length;
  console.log(JSON.stringify({ count, rate: count / elapsed, p50_ms: part(0.5), p99_ms: part(0.99), cpu_seconds: (user + system) / 1e6, seconds: elapsed }));
  process.exit(0);
}

// For those whose worker picks jobs by itself: who added a job waits here until it is told of its end. The end may come first.
export class Endings {
  #endings = new Map();

  of(id) {
    let ending = this.#endings.get(id);
    if (!ending) {
      ending = Promise.withResolvers();
      this.#endings.set(id, ending);
    }
    return ending;
  }

  tell(id) {
    this.of(id).resolve();
  }

  async wait(id) {
    await this.of(id).promise;
    this.#endings.delete(id);
  }
}
