// Which published type each kind of body is of: the types, as TypeScript from the published packages,
// and what names the type of a kind.
'use strict';

const V10 = 'discord-api-types/v10';
// Some published types are computed in ways that the generator cannot follow; these say the same of their published parts.
const WRITTEN_OUT = {
  // It is wrapped in one that only adds `undefined`, which JSON has not.
  WebhookMessageEdit: `import type { RESTPatchAPIWebhookWithTokenMessageJSONBody, RESTPostAPIWebhookWithTokenJSONBody } from '${V10}';
type Part = Pick<RESTPostAPIWebhookWithTokenJSONBody, 'allowed_mentions' | 'components' | 'content' | 'embeds' | 'flags'>;
export type WebhookMessageEdit = { [P in keyof Part]: Part[P] | null } & Pick<RESTPatchAPIWebhookWithTokenMessageJSONBody, 'attachments'>;
`,
  // `APIInteractionResponse`, whose deferred answer is a part of a part.
  InteractionAnswer: `import type * as d from '${V10}';
type Deferred = { type: d.InteractionResponseType.DeferredChannelMessageWithSource; data?: { flags?: d.MessageFlags } };
export type InteractionAnswer = Deferred | d.APIApplicationCommandAutocompleteResponse | d.APIInteractionResponseChannelMessageWithSource
  | d.APIInteractionResponseDeferredMessageUpdate | d.APIInteractionResponsePong | d.APIInteractionResponseUpdateMessage
  | d.APIModalInteractionResponse;
`,
  // `RESTPostAPIGuildChannelJSONBody` of a text channel.
  TextChannelCreate: `import type * as c from '${V10}';
export interface TextChannelCreate { name: string; type?: c.ChannelType.GuildText; topic?: string | null; parent_id?: c.Snowflake | null;
  position?: number | null; nsfw?: boolean | null; rate_limit_per_user?: number | null; permission_overwrites?: c.RESTAPIGuildCreateOverwrite[] | null }
`,
  // `RESTPutAPIApplicationGuildCommandsJSONBody` of slash commands.
  CommandsOverwrite: `import type * as o from '${V10}';
interface SlashCommand { type?: o.ApplicationCommandType.ChatInput; name: string; name_localizations?: o.LocalizationMap | null;
  description: string; description_localizations?: o.LocalizationMap | null; options?: o.APIApplicationCommandOption[];
  default_member_permissions?: o.Permissions | null; nsfw?: boolean; id?: o.Snowflake }
export type CommandsOverwrite = SlashCommand[];
`,
  // bolt's `RespondArguments`, with the blocks of `@slack/types`.
  ResponseUrl: `import type { KnownBlock } from '@slack/types';
export interface ResponseUrl { response_type?: 'in_channel' | 'ephemeral'; replace_original?: boolean; delete_original?: boolean;
  text?: string; thread_ts?: string; blocks?: KnownBlock[] }
`,
};
const published = (type, from) => `export type { ${type} } from '${from}';\n`;
const byPath = [
  [/^POST channels\/\d+\/messages$/, 'RESTPostAPIChannelMessageJSONBody'],
  [/^PATCH channels\/\d+\/messages\/\d+$/, 'RESTPatchAPIChannelMessageJSONBody'],
  [/^POST interactions\/\d+\/[^/]+\/callback$/, 'InteractionAnswer'],
  // The same as the answer to a signed request.
  [/^answer to an interaction$/, 'InteractionAnswer'],
  [/^POST webhooks\/\d+\/[^/]+$/, 'RESTPostAPIInteractionFollowupJSONBody'],
  [/^PATCH webhooks\/\d+\/[^/]+\/messages\/(@original|\d+)$/, 'WebhookMessageEdit'],
  [/^PUT applications\/\d+\/guilds\/\d+\/commands$/, 'CommandsOverwrite'],
  [/^POST guilds\/\d+\/channels$/, 'TextChannelCreate'],
  [/^POST channels\/\d+\/messages\/\d+\/threads$/, 'RESTPostAPIChannelMessagesThreadsJSONBody'],
  [/^POST channels\/\d+\/threads$/, 'RESTPostAPIChannelThreadsJSONBody'],
  [/^PATCH channels\/\d+$/, 'RESTPatchAPIChannelJSONBody'],
  [/^PUT channels\/\d+\/permissions\/\d+$/, 'RESTPutAPIChannelPermissionJSONBody'],
  [/^POST users\/@me\/channels$/, 'RESTPostAPICurrentUserCreateDMChannelJSONBody'],
  [/^gateway op \d+$/, 'GatewaySendPayload'],
];
exports.DISCORD = {
  types: Object.fromEntries(byPath.map(([, type]) => [type, WRITTEN_OUT[type] ?? published(type, V10)])),
  of: (kind) => byPath.find(([path]) => path.test(kind))?.[1],
};

// `chat.postMessage` takes `ChatPostMessageArguments`; only what is no method of the Web API is named.
const METHODS = [
  'apps.connections.open', 'auth.teams.list', 'auth.test', 'chat.postEphemeral', 'chat.postMessage', 'chat.update',
  'conversations.archive', 'conversations.create', 'conversations.history', 'conversations.info', 'conversations.invite',
  'conversations.join', 'conversations.list', 'conversations.open', 'conversations.replies', 'conversations.setTopic',
  'conversations.unarchive', 'files.completeUploadExternal', 'files.getUploadURLExternal', 'pins.add', 'pins.remove', 'reactions.add',
  'usergroups.users.list', 'views.open',
];
const typed = (method) => `${method.split('.').map((part) => part[0].toUpperCase() + part.slice(1)).join('')}Arguments`;
const OTHERS = { response_url: 'ResponseUrl', 'answer to interactive': 'ViewResponseAction' };
exports.SLACK = {
  types: {
    ...Object.fromEntries(METHODS.map((method) => [typed(method), published(typed(method), '@slack/web-api')])),
    ...Object.fromEntries(Object.values(OTHERS).map((type) => [type, WRITTEN_OUT[type] ?? published(type, '@slack/bolt')])),
  },
  of: (kind) => OTHERS[kind] ?? (METHODS.includes(kind) ? typed(kind) : undefined),
};
