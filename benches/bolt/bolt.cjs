// The bot that the bench of chat stands beside: @slack/bolt by socket, a durable row for each command, then `respond`.
// Arguments: where Slack is and what the bot needs (JSON), and the database's file. Ends when its standard input does.
'use strict';
const { App, LogLevel } = require('@slack/bolt');

const slack = JSON.parse(process.argv[2]);

// Node's own SQLite where it has one (22 and newer), else one that comes built.
function open(file) {
  try {
    const { DatabaseSync } = require('node:sqlite');
    return new DatabaseSync(file);
  } catch {
    const Database = require('libsql');
    return new Database(file);
  }
}

const database = open(process.argv[3]);
// As durable as the other one: what is committed outlives a loss of power.
database.exec('PRAGMA journal_mode = WAL');
database.exec('PRAGMA synchronous = FULL');
database.exec('CREATE TABLE ping (id INTEGER PRIMARY KEY, word TEXT NOT NULL, by TEXT NOT NULL, at_ms INTEGER NOT NULL)');
const keep = database.prepare('INSERT INTO ping (word, by, at_ms) VALUES (?, ?, ?)');

const app = new App({
  token: slack.bot_token,
  appToken: slack.app_token,
  socketMode: true,
  clientOptions: { slackApiUrl: `${slack.api_url}/` },
  logLevel: LogLevel.WARN,
});

app.command('/ping', async ({ ack, command, respond }) => {
  await ack();
  keep.run(command.text, command.user_id, Date.now());
  await respond({ response_type: 'ephemeral', text: `pong ${command.text}` });
});

app.error(async (error) => console.error(error));

app.start();
process.stdin.on('end', () => process.exit(0)).resume();
