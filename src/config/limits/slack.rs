//! Slack's limits, each with the page it is from, and our own bounds in speaking with it.

use std::time::Duration;

/// Blocks of one message. <https://docs.slack.dev/reference/block-kit/blocks>
pub const SLACK_BLOCKS: usize = 50;
/// Characters of a header. <https://docs.slack.dev/reference/block-kit/blocks/header-block>
pub const SLACK_HEADER_CHARS: usize = 150;
/// Characters of one block of text. The page of rich text names none, so it is that of a section.
/// <https://docs.slack.dev/reference/block-kit/blocks/section-block>
pub const SLACK_TEXT_CHARS: usize = 3000;
/// Characters of all blocks of one message: what a markdown block may hold, and below where Slack answers
/// `msg_blocks_too_long`. <https://docs.slack.dev/reference/block-kit/blocks/markdown-block>
pub const SLACK_MESSAGE_CHARS: usize = 12_000;
/// Characters of the text that stands in notifications beside the blocks. <https://docs.slack.dev/reference/methods/chat.update>
/// refuses more than 4000; nobody reads as much in a notification.
pub const SLACK_FALLBACK_CHARS: usize = 3000;
/// Buttons in a row. <https://docs.slack.dev/reference/block-kit/blocks/actions-block> allows 25; more than five are folded
/// away on a telephone.
pub const SLACK_ROW: usize = 5;
/// Characters of a button. <https://docs.slack.dev/reference/block-kit/block-elements/button-element>
pub const SLACK_BUTTON_CHARS: usize = 75;
/// Characters of an action's id. <https://docs.slack.dev/reference/block-kit/block-elements/button-element>
pub const SLACK_ACTION_ID_CHARS: usize = 255;
/// Options of a select. <https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element>
pub const SLACK_OPTIONS: usize = 100;
/// Characters of an option's label. <https://docs.slack.dev/reference/block-kit/composition-objects/option-object>
pub const SLACK_OPTION_CHARS: usize = 75;
/// Characters of an option's value. The same page.
pub const SLACK_OPTION_VALUE_CHARS: usize = 150;
/// Characters of a placeholder. <https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element>
pub const SLACK_PLACEHOLDER_CHARS: usize = 150;
/// Characters of a modal's title and of its buttons. <https://docs.slack.dev/reference/views/modal-views>
pub const SLACK_MODAL_TITLE_CHARS: usize = 24;
/// Characters of what a modal carries along. <https://docs.slack.dev/reference/views/modal-views>
pub const SLACK_METADATA_CHARS: usize = 3000;
/// Characters of an input's label, and of its hint. <https://docs.slack.dev/reference/block-kit/blocks/input-block>
pub const SLACK_LABEL_CHARS: usize = 2000;
/// Characters that an input begins with. <https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element>
pub const SLACK_INITIAL_CHARS: usize = 3000;
/// Characters of a link's address. <https://docs.slack.dev/reference/block-kit/block-elements/button-element>
pub const SLACK_URL_CHARS: usize = 3000;
/// Characters of a channel's name. <https://docs.slack.dev/reference/methods/conversations.create>
pub const SLACK_CHANNEL_CHARS: usize = 80;
/// Characters of a topic. <https://docs.slack.dev/reference/methods/conversations.setTopic>
pub const SLACK_TOPIC_CHARS: usize = 250;
/// Commands of an app. <https://docs.slack.dev/reference/app-manifest>
pub const SLACK_COMMANDS: usize = 50;
/// Characters of a command's usage hint, and of its description. The same page.
pub const SLACK_HINT_CHARS: usize = 1000;

/// Messages that one view may become, the first and those in its thread: what is still longer is a file in that thread.
pub const SLACK_FOLLOW_UPS: usize = 3;
/// How long one call of the Web API may take: longer than Slack's own servers wait for each other.
pub const SLACK_CALL: Duration = Duration::from_secs(20);
/// How long a call may take that somebody is waiting for with a trigger, which dies after three seconds.
/// <https://docs.slack.dev/interactivity/handling-user-interaction>
pub const SLACK_TRIGGER: Duration = Duration::from_millis(2500);
/// Bytes of an answer that are read: a page of 200 channels with all their words.
pub const SLACK_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Longest wait that a `Retry-After` is obeyed for.
pub const SLACK_RETRY_AFTER: Duration = Duration::from_secs(600);
/// Bytes of a request from Slack, and of an envelope: many times what it sends.
pub const SLACK_REQUEST_BYTES: usize = 1024 * 1024;
/// How far the time in a signature may be off. <https://docs.slack.dev/authentication/verifying-requests-from-slack>
pub const SLACK_SIGNATURE_AGE_S: i64 = 5 * 60;
/// Channels in one page of a list, the most that Slack recommends. <https://docs.slack.dev/apis/web-api/pagination>
pub const SLACK_PAGE: u16 = 200;
/// Pages of such a list: beyond ten thousand channels names are written as ids.
pub const SLACK_PAGES: usize = 50;
/// For how long a `response_url` may be used, milliseconds. How often, five times, Slack counts itself.
/// <https://docs.slack.dev/interactivity/handling-user-interaction>
pub const SLACK_ROUTE_MS: i64 = 30 * 60 * 1000;
/// How often the members of user groups are read anew; Slack's events tell of changes in between.
pub const SLACK_GROUPS_EVERY: Duration = Duration::from_secs(300);
/// Envelopes in hand at once on one socket; beyond them we do not acknowledge, and Slack sends again.
pub const SLACK_ENVELOPES: usize = 256;
/// How long a replaced socket stays open for what is still in hand: longer than the three seconds in which Slack wants its
/// acknowledgement.
pub const SLACK_DRAIN: Duration = Duration::from_secs(4);
/// How long a new socket may take to say hello.
pub const SLACK_HELLO: Duration = Duration::from_secs(15);
/// The least time between two openings of a socket once the app's Socket Mode was switched off: only a person switches it on.
pub const SLACK_SWITCHED_OFF: Duration = Duration::from_secs(60);
/// How long it may take to look up a message that somebody pinned: Slack waits three seconds for a word that it was heard.
pub const SLACK_LOOK: Duration = Duration::from_secs(2);
/// How often Slack sends an event again that it was not told to have been heard. <https://docs.slack.dev/apis/events-api>
pub const SLACK_RETRIES: u64 = 3;
/// Messages of a conversation that are looked through for one that may have been sent already.
pub const SLACK_HISTORY: u16 = 100;
