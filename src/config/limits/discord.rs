//! Discord's own limits, each with the page of its documentation (under discord.com/developers/docs) that says so, and what
//! we allow ourselves within them. Lengths are counted in UTF-16 units, which is never less than Discord counts.

use std::time::Duration;

// --- messages: resources/message ------------------------------------------

/// Units of a message's own text (`create-message`).
pub const DISCORD_CONTENT: usize = 2000;
/// Embeds of one message (`create-message`).
pub const DISCORD_EMBEDS: usize = 10;
/// Units of all titles, descriptions, names, values and footers of a message's embeds together (`embed-limits`).
pub const DISCORD_EMBEDS_TOTAL: usize = 6000;
/// Units of an embed's title (`embed-limits`).
pub const DISCORD_EMBED_TITLE: usize = 256;
/// Units of an embed's description (`embed-limits`).
pub const DISCORD_EMBED_DESCRIPTION: usize = 4096;
/// Fields of an embed (`embed-limits`).
pub const DISCORD_EMBED_FIELDS: usize = 25;
/// Units of a field's name (`embed-limits`).
pub const DISCORD_FIELD_NAME: usize = 256;
/// Units of a field's value (`embed-limits`).
pub const DISCORD_FIELD_VALUE: usize = 1024;
/// Bytes of all files of a message in a server without boosts (reference, `uploading-files`).
pub const DISCORD_FILE_BYTES: usize = 10 * 1024 * 1024;
/// Units of a file's description (`attachment-object`).
pub const DISCORD_FILE_DESCRIPTION: usize = 1024;
/// Characters of a nonce (`create-message`).
pub const DISCORD_NONCE: usize = 25;
/// Pictures of one message of ours, where Discord takes ten files: each takes a while to draw, and nobody scrolls through more. The others are said in words.
pub const DISCORD_PICTURES: usize = 4;
/// Units of one paragraph or piece of code where a message is too long to show all of it, so that the rest has room.
pub const DISCORD_CUT_PIECE: usize = 900;

// --- components: components/reference -------------------------------------

/// Rows of one message (`action-row`, of messages without components version 2).
pub const DISCORD_ROWS: usize = 5;
/// Buttons of one row (`action-row`).
pub const DISCORD_ROW_BUTTONS: usize = 5;
/// Characters of a `custom_id` (`anatomy-of-a-component`).
pub const DISCORD_CUSTOM_ID: usize = 100;
/// Units of a button's label (`button`).
pub const DISCORD_BUTTON_LABEL: usize = 80;
/// Options of one select (`string-select`).
pub const DISCORD_OPTIONS: usize = 25;
/// Units of an option's label, value and description (`string-select`).
pub const DISCORD_OPTION: usize = 100;
/// Units of what a select says before anything is chosen (`string-select`).
pub const DISCORD_PLACEHOLDER: usize = 150;
/// Units of a form's title (interactions/receiving-and-responding, `modal`).
pub const DISCORD_MODAL_TITLE: usize = 45;
/// Parts of a form (interactions/receiving-and-responding, `modal`).
pub const DISCORD_MODAL_PARTS: usize = 5;
/// Units of a label in a form (`label`).
pub const DISCORD_LABEL: usize = 45;
/// Units of the line under a label (`label`).
pub const DISCORD_LABEL_DESCRIPTION: usize = 100;
/// Units that a text input takes (`text-input`).
pub const DISCORD_INPUT: usize = 4000;

// --- commands: interactions/application-commands --------------------------

/// Commands of one application in a server (`registering-a-command`).
pub const DISCORD_COMMANDS: usize = 100;
/// Characters of a command's, subcommand's or option's name (`application-command-naming`).
pub const DISCORD_NAME: usize = 32;
/// Units of their descriptions (`application-command-object`).
pub const DISCORD_DESCRIPTION: usize = 100;
/// Options of a command or subcommand, and subcommands of a command (`application-command-object`).
pub const DISCORD_COMMAND_OPTIONS: usize = 25;
/// Choices of an option, declared or while somebody types (`application-command-object`).
pub const DISCORD_CHOICES: usize = 25;
/// Units of a choice's name and of its value (`application-command-object`).
pub const DISCORD_CHOICE: usize = 100;
/// Units of all names, descriptions and values of one command (`slash-commands`).
pub const DISCORD_COMMAND_TOTAL: usize = 8000;

// --- interactions: interactions/receiving-and-responding ------------------

/// How long an interaction's token is good (`followup-messages`).
pub const DISCORD_TOKEN_TIME: Duration = Duration::from_secs(15 * 60);
/// How much earlier we stop using it: an answer that is under way must still arrive.
pub const DISCORD_TOKEN_SPARE: Duration = Duration::from_secs(30);
/// How long an event may take to become durable before its sender is told that it was not taken: Discord waits 3 s for the
/// first answer, and the answer itself must still get there.
pub const DISCORD_STORE_TIME: Duration = Duration::from_millis(2200);
/// How long a completion or a form may take, for the same reason.
pub const DISCORD_LANE_TIME: Duration = Duration::from_millis(1800);
/// How far the moment of a signed request may be from ours (our rule, as with Slack: Discord names none).
pub const DISCORD_SIGNED_WITHIN: Duration = Duration::from_secs(300);

// --- channels: resources/channel ------------------------------------------

/// Units of a channel's or thread's name (`channel-object`).
pub const DISCORD_CHANNEL_NAME: usize = 100;
/// Units of a channel's topic (`channel-object`).
pub const DISCORD_TOPIC: usize = 1024;

// --- requests: topics/rate-limits -----------------------------------------

/// Requests per second of one bot (`global-rate-limit`).
pub const DISCORD_REQUESTS_PER_SECOND: u32 = 50;
/// How long a request waits by itself for its bucket: what takes longer goes back to the outbox, which lets others go first.
pub const DISCORD_BUCKET_WAIT: Duration = Duration::from_secs(2);
/// Buckets remembered; beyond it all are forgotten, which costs a 429 each.
pub const DISCORD_BUCKETS: usize = 4096;
/// Longest wait that we believe a 429.
pub const DISCORD_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// How long one request may take.
pub const DISCORD_REQUEST_TIME: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read.
pub const DISCORD_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// How long the line waits for the first look at the channels: Discord gives up on what is not answered within 3 s.
pub const DISCORD_FIRST_LOOK: Duration = Duration::from_secs(1);
/// How long the list of channels is believed before a name that is not in it is looked for again.
pub const DISCORD_CHANNELS_FRESH: Duration = Duration::from_secs(10);

// --- the gateway: topics/gateway ------------------------------------------

/// How long the gateway may take to say hello, and to answer a resume or an identify.
pub const DISCORD_HELLO_TIME: Duration = Duration::from_secs(20);
/// Least time between two heartbeats that we accept; a server that asks for more haste is not one.
pub const DISCORD_HEARTBEAT_MIN: Duration = Duration::from_millis(500);
/// How long to wait after an invalid session before a new one is asked for; Discord wants one to five seconds (`resuming`).
pub const DISCORD_INVALID_WAIT: Duration = Duration::from_secs(1);
/// Interactions in hand at once; further ones wait in the socket.
pub const DISCORD_IN_HAND: usize = 256;
/// How long the first answer to an interaction is tried to be given: Discord waits 3 s from when it sent it.
pub const DISCORD_CALLBACK_TIME: Duration = Duration::from_millis(2800);
/// How often it is looked whether Discord's API still answers, where events come by HTTP.
pub const DISCORD_LOOK_EVERY: Duration = Duration::from_secs(60);
/// How soon a look that failed is repeated.
pub const DISCORD_LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Bytes of one interaction: a form full of text, several times over.
pub const DISCORD_INTERACTION_BYTES: usize = 1024 * 1024;
