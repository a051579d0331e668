// A bot on @slack/bolt, written as its documentation says: it knows nothing of a fake but the address of the Web API.
// Arguments: where Slack is and what the bot needs (JSON), and `socket` or `http`. Ends when its standard input does.
'use strict';
const { App, LogLevel } = require('@slack/bolt');

const slack = JSON.parse(process.argv[2]);
const bySocket = process.argv[3] === 'socket';

const app = new App({
  token: slack.bot_token,
  appToken: bySocket ? slack.app_token : undefined,
  signingSecret: slack.signing_secret,
  socketMode: bySocket,
  endpoints: bySocket ? undefined : ['/slack/commands', '/slack/interactions', '/slack/events'],
  clientOptions: { slackApiUrl: `${slack.api_url}/` },
  logLevel: LogLevel.WARN,
});

const words = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const plain = (text) => ({ type: 'plain_text', text });
const option = (name) => ({ text: plain(name), value: name.toLowerCase() });
const buttons = {
  type: 'actions',
  elements: [
    { type: 'button', action_id: 'press', text: plain('Press'), value: 'pressed', style: 'primary' },
    { type: 'button', action_id: 'ask', text: plain('Ask') },
    { type: 'button', action_id: 'hide', text: plain('Hide') },
    { type: 'static_select', action_id: 'level', placeholder: plain('Level'), options: [option('High'), option('Low')] },
  ],
};

// The acknowledgement is the answer.
app.command('/quick', async ({ ack, command }) => ack(`at once: ${command.text}`));

app.command('/hello', async ({ ack, command, respond }) => {
  await ack();
  const text = `hello ${command.text} of ${command.user_name}`;
  await respond({ response_type: 'in_channel', text, blocks: [words(text), buttons] });
});

app.action('press', async ({ ack, body, client, action }) => {
  await ack();
  const text = `${action.value} by ${body.user.name}`;
  await client.chat.update({ channel: body.channel.id, ts: body.message?.ts ?? body.container.message_ts, text, blocks: [words(text), buttons] });
});

app.action('level', async ({ ack, action, respond }) => {
  await ack();
  await respond({ response_type: 'ephemeral', text: `level ${action.selected_option.value}` });
});

app.action('hide', async ({ ack, respond }) => {
  await ack();
  await respond({ replace_original: true, text: 'hidden' });
});

app.action('ask', async ({ ack, body, client }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: 'modal',
      callback_id: 'asked',
      private_metadata: body.channel.id,
      title: plain('A question'),
      submit: plain('Send'),
      blocks: [{ type: 'input', block_id: 'why', label: plain('Why?'), element: { type: 'plain_text_input', action_id: 'text' } }],
    },
  });
});

app.view('asked', async ({ ack, body, view, client }) => {
  const why = view.state.values.why.text.value;
  if (why === 'no') {
    await ack({ response_action: 'errors', errors: { why: 'say more' } });
    return;
  }
  await ack();
  await client.chat.postMessage({ channel: view.private_metadata, text: `${body.user.name} says ${why}` });
});

app.event('app_mention', async ({ event, say }) => {
  await say({ text: `mentioned: ${event.text}`, thread_ts: event.thread_ts });
});

app.message(async ({ message, say }) => {
  await say(`heard: ${message.text}`);
});

app.event('reaction_added', async ({ event, client }) => {
  await client.chat.postMessage({ channel: event.item.channel, thread_ts: event.item.ts, text: `:${event.reaction}: by ${event.user}` });
});

app.error(async (error) => console.error(error));

(async () => {
  const server = await app.start(bySocket ? undefined : { port: 0, host: '127.0.0.1' });
  console.log(JSON.stringify({ port: bySocket ? null : server.address().port }));
})();
process.stdin.on('end', () => process.exit(0)).resume();
