// Discord's interactions by HTTP, checked with Discord's own `discord-interactions`: a signature that it refuses is answered 401.
// Argument: the public key. Ends when its standard input does.
'use strict';
const { createServer } = require('node:http');
const { InteractionResponseType, InteractionType, verifyKey } = require('discord-interactions');

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const { 'x-signature-ed25519': signature, 'x-signature-timestamp': timestamp } = request.headers;
  if (!(await verifyKey(body, signature ?? '', timestamp ?? '', process.argv[2]))) {
    response.writeHead(401).end('bad signature');
    return;
  }
  const asked = JSON.parse(body);
  const answer = asked.type === InteractionType.PING
    ? { type: InteractionResponseType.PONG }
    : { type: InteractionResponseType.CHANNEL_MESSAGE_WITH_SOURCE, data: { content: `answered ${asked.data.name}` } };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}).listen(0, '127.0.0.1', function () {
  console.log(JSON.stringify({ port: this.address().port }));
});
process.stdin.on('end', () => process.exit(0)).resume();
