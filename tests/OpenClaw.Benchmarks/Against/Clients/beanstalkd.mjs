// Its protocol is lines of text, so a socket is all that it needs: one a lane, with one command under way.
import { connect } from 'node:net';
import { once } from 'node:events';
import { run } from './harness.mjs';

class Lane {
  #socket;
  #answered;
  #answer = '';

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', text => this.#receive(text));
    socket.on('close', () => this.#answered?.reject(new Error('beanstalkd closed the connection')));
  }

  // The answer's words. Only that of a reserve has a body, whose length ends its first line.
  #receive(text) {
    this.#answer += text;
    const end = this.#answer.indexOf('\r\n');
    if (end < 0) return;
    const words = this.#answer.slice(0, end).split(' ');
    if (words[0] === 'RESERVED' && this.#answer.length < end + 2 + Number(words[2]) + 2) return;
    this.#answer = '';
    this.#answered.resolve(words);
  }

  async ask(command, expected) {
    this.#answered = Promise.withResolvers();
    this.#socket.write(command);
    const words = await this.#answered.promise;
    if (words[0] !== expected) throw new Error(`beanstalkd answered ${words.join(' ')} where ${expected} was expected`);
    return words;
  }
}

await run(async ({ server, name, connections, payload }) => {
  const lanes = [];
  for (let i = 0; i < connections; i++) {
    const socket = connect(server, '127.0.0.1');
    await once(socket, 'connect');
    const lane = new Lane(socket);
    await lane.ask(`use ${name}\r\n`, 'USING');
    await lane.ask(`watch ${name}\r\n`, 'WATCHING');
    lanes.push(lane);
  }
  const put = `put 100 0 600 ${payload.length}\r\n${payload}\r\n`;
  return async number => {
    const lane = lanes[number];
    await lane.ask(put, 'INSERTED');
    const [, id] = await lane.ask('reserve\r\n', 'RESERVED');
    await lane.ask(`delete ${id}\r\n`, 'DELETED');
  };
});
