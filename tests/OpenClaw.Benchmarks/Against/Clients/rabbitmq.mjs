// A cycle ends when the publish is confirmed and the ack is sent: RabbitMQ confirms no acks.
import { connect } from 'amqplib';
import { Endings, run } from './harness.mjs';

await run(async ({ server, name, connections, payload }) => {
  const endings = new Endings();
  const url = `amqp://127.0.0.1:${server}`;
  // One connection for what is sent and one for what is received, so that neither holds the other back.
  const [sending, receiving] = [await connect(url), await connect(url)];
  const [publisher, consumer] = [await sending.createConfirmChannel(), await receiving.createChannel()];
  await publisher.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await consumer.prefetch(connections);
  await consumer.consume(name, message => {
    consumer.ack(message);
    endings.tell(message.properties.messageId);
  });
  const body = Buffer.from(payload);
  return async (lane, n) => {
    const messageId = `${lane}-${n}`;
    const confirmed = Promise.withResolvers();
    publisher.sendToQueue(name, body, { persistent: true, messageId }, error => error ? confirmed.reject(error) : confirmed.resolve());
    await Promise.all([confirmed.promise, endings.wait(messageId)]);
  };
});
