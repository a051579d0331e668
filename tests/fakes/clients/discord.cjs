// A bot on discord.js, written as its guide says: it knows nothing of a fake but the address of the API.
// Argument: where Discord is and what the bot needs (JSON). Ends when its standard input does.
'use strict';
const {
  ActionRowBuilder, ButtonBuilder, ButtonStyle, Client, Events, GatewayIntentBits, LabelBuilder, MessageFlags, ModalBuilder,
  Partials, SlashCommandBuilder, StringSelectMenuBuilder, TextInputBuilder, TextInputStyle,
} = require('discord.js');

const discord = JSON.parse(process.argv[2]);
const client = new Client({
  intents: [
    GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent, GatewayIntentBits.GuildMessageReactions,
  ],
  partials: [Partials.Message, Partials.Channel, Partials.Reaction],
  rest: { api: discord.api_url },
});

const commands = [
  new SlashCommandBuilder().setName('hello').setDescription('Says hello')
    .addStringOption((name) => name.setName('name').setDescription('To whom').setRequired(true).setAutocomplete(true))
    .addIntegerOption((times) => times.setName('times').setDescription('How often')),
  new SlashCommandBuilder().setName('quick').setDescription('Answers at once'),
  new SlashCommandBuilder().setName('group').setDescription('Has parts')
    .addSubcommand((part) => part.setName('one').setDescription('The first')
      .addStringOption((level) => level.setName('level').setDescription('A level').setRequired(true)
        .addChoices({ name: 'High', value: 'high' }, { name: 'Low', value: 'low' }))),
];

const controls = () => [
  new ActionRowBuilder().addComponents(
    new ButtonBuilder().setCustomId('press').setLabel('Press').setStyle(ButtonStyle.Primary),
    new ButtonBuilder().setCustomId('change').setLabel('Change').setStyle(ButtonStyle.Secondary),
    new ButtonBuilder().setCustomId('ask').setLabel('Ask').setStyle(ButtonStyle.Danger),
  ),
  new ActionRowBuilder().addComponents(
    new StringSelectMenuBuilder().setCustomId('level').setPlaceholder('Level')
      .addOptions({ label: 'High', value: 'high' }, { label: 'Low', value: 'low' }),
  ),
];

async function command(interaction) {
  const { commandName, options } = interaction;
  if (commandName === 'quick') {
    const answer = await interaction.reply({ content: 'at once', withResponse: true });
    await interaction.followUp(`the answer is ${answer.resource.message.content}`);
  } else if (commandName === 'group') {
    await interaction.reply({ content: `${options.getSubcommand()} is ${options.getString('level')}`, flags: MessageFlags.Ephemeral });
  } else {
    await interaction.deferReply();
    const times = options.getInteger('times') ?? 1;
    const content = `${'hello '.repeat(times)}${options.getString('name')} of ${interaction.user.username}`;
    await interaction.editReply({ content, components: controls(), embeds: [{ title: 'A card', description: 'of a bot' }] });
    await interaction.followUp({ content: 'that was all', flags: MessageFlags.Ephemeral });
  }
}

async function button(interaction) {
  if (interaction.customId === 'press') {
    await interaction.deferUpdate();
    await interaction.editReply({ content: `pressed by ${interaction.user.username}`, components: controls(), embeds: [] });
  } else if (interaction.customId === 'change') {
    await interaction.update({ content: `changed from ${interaction.message.content}` });
  } else {
    const why = new TextInputBuilder().setCustomId('why').setStyle(TextInputStyle.Short);
    const modal = new ModalBuilder().setCustomId('asked').setTitle('A question')
      .addLabelComponents(new LabelBuilder().setLabel('Why?').setTextInputComponent(why));
    await interaction.showModal(modal);
  }
}

client.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isAutocomplete()) {
    const typed = interaction.options.getFocused();
    await interaction.respond(['Ana', 'Anton'].filter((name) => name.startsWith(typed)).map((name) => ({ name, value: name.toLowerCase() })));
  } else if (interaction.isChatInputCommand()) {
    await command(interaction);
  } else if (interaction.isButton()) {
    await button(interaction);
  } else if (interaction.isStringSelectMenu()) {
    await interaction.reply(`level ${interaction.values.join(', ')}`);
  } else if (interaction.isModalSubmit()) {
    await interaction.deferReply();
    await interaction.editReply(`${interaction.user.username} says ${interaction.fields.getTextInputValue('why')}`);
  }
});

client.on(Events.MessageCreate, async (message) => {
  if (!message.author.bot) await message.reply(`heard: ${message.content}`);
});

client.on(Events.MessageReactionAdd, async (reaction, user) => {
  const channel = await client.channels.fetch(reaction.message.channelId);
  const message = await channel.send(`${reaction.emoji.name} by ${user.id}`);
  await message.edit(`${message.content}, seen`);
  await message.react('👀');
});

client.once(Events.ClientReady, async () => {
  await client.application.commands.set(commands, discord.guild_id);
});
client.on(Events.Error, (error) => console.error(error));
client.login(discord.token);
process.stdin.on('end', () => process.exit(0)).resume();
