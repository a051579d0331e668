// The console: channels, the stream of one of them, and the line to type in.
import { article, card, make } from './cards.js';
import { head, list, told as happened } from './rooms.js';
import { ask } from './say.js';
import { follow } from './stream.js';
import { line as lineOf, ofCommand, open, tell } from './forms.js';
import { prompt } from './prompt.js';

const $ = (id) => document.getElementById(id);
const log = $('log'), state = $('line'), input = $('text');
const links = () => [...document.querySelectorAll('#channels a')];
const MOST = 500;
let me = null, channel = '', stop = null, caughtUp = false;

function show(item) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  $('nothing')?.remove();
  const known = item.message && document.getElementById('m-' + item.message);
  const news = happened(item);
  if (news !== null) {
    const line = make('p', 'happened', news);
    if (item.payload.conversation) {
      const name = item.payload.conversation.replace(/^console:/, '');
      const link = make('a', '', `Go to ${name}`);
      link.href = '/console?' + new URLSearchParams({ channel: name });
      line.append(' ', link);
    }
    log.append(line);
    if (caughtUp) head(channel, () => channel);
  } else if (item.kind === 'reaction') {
    if (known) known.append(make('span', 'reactions', ' :' + item.payload.emoji + ':'));
  } else if (item.kind === 'edit' && known) {
    const old = known.querySelector('.card');
    // Whoever stood on a button of the card stands on the same one of the new card.
    const focused = [...old.querySelectorAll('button')].indexOf(document.activeElement);
    const fresh = card(item.payload, item.message);
    old.replaceWith(fresh);
    fresh.classList.add('fresh');
    if (focused >= 0) (fresh.querySelectorAll('button')[focused] || fresh.querySelector('button'))?.focus();
  } else {
    log.append(article(item, me));
    while (log.childElementCount > MOST) log.firstElementChild.remove();
  }
  const pin = $('pin');
  if (item.kind === 'edit' && pin.dataset.message === item.message) {
    pin.querySelector('div').replaceChildren(card(item.payload, item.message));
  }
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function told(text) {
  state.textContent = text;
  state.classList.toggle('lost', text !== '');
}

function go(name) {
  channel = name;
  stop?.();
  const empty = make('p', 'empty', `Nothing has been said in ${name} yet. Type / to see what can be typed, or press ? for the keys.`);
  empty.id = 'nothing';
  log.replaceChildren(empty);
  for (const link of links()) {
    if (link.dataset.channel !== name) { link.removeAttribute('aria-current'); continue; }
    link.setAttribute('aria-current', 'page');
    link.classList.remove('news');
  }
  document.title = `${name} · Drillbell`;
  told('connecting…');
  caughtUp = false;
  setTimeout(() => { caughtUp = true; }, 1000);
  delete $('pin').dataset.message;
  head(name, () => channel);
  stop = follow(name, show, told);
}

const send = (text) => ask('POST', '/api/v1/commands?wait=5', { text, channel });

async function fill() {
  const catalog = await ask('GET', '/api/v1/catalog');
  if (!catalog) return;
  const typed = input.value.trim().replace(/^\//, '').split(/\s+/);
  let command = catalog.commands.find((one) => one.name === typed[0]);
  let sub = command?.subcommands.find((one) => one.name === (typed[1] || ''));
  if (!sub) {
    const all = catalog.commands.flatMap((one) => one.subcommands.map((each) => [one, each]));
    const options = all.map(([one, each], n) => ({ value: String(n), label: `/${one.name} ${each.name} – ${each.summary}` }));
    const chosen = await open({ title: 'Which command?', submit: 'Next', fields: [
      { name: 'command', label: 'Command', type: 'select', required: true, options },
    ] });
    if (!chosen) return;
    [command, sub] = all[Number(chosen.command)];
  }
  const entered = sub.args.length ? await open(ofCommand(command, sub)) : {};
  if (!entered) return;
  input.value = '';
  await send(lineOf(command, sub, entered));
  input.focus();
}

const KEYS = [
  ['/', 'to the command line'],
  ['Ctrl .', 'fill in a command as a form'],
  ['Tab', 'take the first suggestion while typing; otherwise go on'],
  ['↑ ↓', 'through suggestions, or lines typed before'],
  ['Esc', 'close suggestions; from the command line to the messages'],
  ['j k', 'next and previous message'],
  ['Alt 1 … 9', 'another channel'],
  ['?', 'this list'],
];

function keys() {
  const list = make('dl');
  for (const [key, what] of KEYS) {
    const term = make('dt');
    term.append(make('kbd', '', key));
    list.append(term, make('dd', '', what));
  }
  tell('Keyboard', list);
}

/** To the next or previous message. */
function step(by) {
  const all = [...log.querySelectorAll('article')];
  const now = document.activeElement?.closest('#log article');
  const target = now ? all[all.indexOf(now) + by] : all[by > 0 ? 0 : all.length - 1];
  if (!target) return;
  target.tabIndex = -1;
  target.focus();
}

document.addEventListener('keydown', (event) => {
  if (document.querySelector('dialog[open]')) return;
  const typing = event.target.closest?.('input, select, textarea');
  if (event.ctrlKey && event.key === '.') { event.preventDefault(); fill(); return; }
  if (event.altKey && /^[1-9]$/.test(event.key)) {
    const link = links()[Number(event.key) - 1];
    if (link) { event.preventDefault(); go(link.dataset.channel); input.focus(); }
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (typing) {
    if (event.key === 'Escape' && event.target === input && !event.defaultPrevented) log.focus();
    return;
  }
  if (event.key === '/') { event.preventDefault(); input.focus(); if (!input.value) input.value = '/'; input.dispatchEvent(new Event('input')); }
  else if (event.key === '?') { event.preventDefault(); keys(); }
  else if (event.key === 'j') step(1);
  else if (event.key === 'k') step(-1);
});

if (log) {
  const visit = (link) => link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(null, '', link.href);
    go(link.dataset.channel);
  });
  links().forEach(visit);
  list(visit, () => channel);
  prompt(input, $('next'), () => channel, send);
  $('form').addEventListener('click', fill);
  $('keys').addEventListener('click', keys);
  ask('GET', '/api/v1/whoami').then((who) => { me = who?.person.id ?? null; });
  const wanted = new URLSearchParams(location.search).get('channel');
  const names = links().map((link) => link.dataset.channel);
  go(names.includes(wanted) ? wanted : names.find((name) => name === '#incidents') || names[0]);
  input.focus();
}
