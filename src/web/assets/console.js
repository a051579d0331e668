// The console page. Everything that comes from a message is set as text, never as markup.
'use strict';

const $ = (id) => document.getElementById(id);
const log = $('log'), line = $('line'), note = $('note'), text = $('text'), channel = $('channel');
let stream = null;

function make(tag, className, content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (content !== undefined) element.textContent = content;
  return element;
}

// A fresh delivery id: sending again with the same one is answered, not repeated.
function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

async function send(path, body) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key() };
  for (let tries = 1; ; tries++) {
    try {
      const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
      if (answer.status === 503 && tries < 4) throw new Error('busy');
      if (answer.status === 401) return location.reload();
      note.textContent = answer.ok ? '' : (await answer.json()).detail;
      return answer.ok;
    } catch (error) {
      if (tries >= 4) { note.textContent = 'The bot does not answer. Send it again in a moment.'; return false; }
      await new Promise((done) => setTimeout(done, 500 * tries));
    }
  }
}

function block(part, message, index) {
  switch (part.type) {
    case 'text': return make('p', '', part.text);
    case 'code': return make('pre', '', part.text);
    case 'context': return make('p', 'context', part.text);
    case 'chart': {
      const picture = make('img', 'chart');
      const theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
      picture.src = `/api/v1/charts/${encodeURIComponent(message)}/${index}?theme=${theme}`;
      picture.alt = part.title; picture.width = 800; picture.height = 400;
      return picture;
    }
    case 'divider': return make('hr');
    case 'field': return named(part.name, part.value);
    case 'time': return named(part.name, new Date(part.at_ms).toLocaleString());
    case 'progress': return named(part.label, part.total ? `${part.done} of ${part.total}` : `${part.done}`);
    case 'link': {
      if (!/^https?:\/\//i.test(part.url)) return named(part.label, part.url);
      const link = make('a', '', part.label);
      link.href = part.url; link.rel = 'noopener noreferrer'; link.target = '_blank';
      const row = make('p'); row.append(link);
      return row;
    }
    case 'button': {
      const button = make('button', part.style, part.label);
      button.addEventListener('click', async () => {
        button.disabled = true;
        await send('/api/v1/actions', { message, action: part.action });
        button.disabled = false;
      });
      return button;
    }
    default: return make('p', 'context', '(a part that this page does not know)');
  }
}

function named(name, value) {
  const row = make('p');
  row.append(make('span', 'name', name + ': '), document.createTextNode(value));
  return row;
}

function card(view, message) {
  const box = make('div', 'card ' + (view.tone || 'neutral'));
  if (view.title) box.append(make('h2', '', view.title));
  const buttons = make('div', 'buttons');
  for (const [index, part] of (view.blocks || []).entries()) {
    (part.type === 'button' ? buttons : box).append(block(part, message, index));
  }
  if (buttons.childElementCount) box.append(buttons);
  return box;
}

function show(item) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const known = item.message && document.getElementById('m-' + item.message);
  if (item.kind === 'reaction') {
    if (known) known.append(make('span', 'by', ' :' + item.payload.emoji + ':'));
  } else if (item.kind === 'edit' && known) {
    known.querySelector('.card').replaceWith(card(item.payload, item.message));
  } else {
    const article = make('article');
    const only = item.private_to ? ' · only you see this' : '';
    article.append(make('div', 'by', `${item.author} · ${new Date(item.at_ms).toLocaleTimeString()}${only}`));
    if (item.kind === 'typed') article.append(make('div', 'typed', item.payload.text));
    else { article.id = 'm-' + item.message; article.append(card(item.payload, item.message)); }
    log.append(article);
    while (log.childElementCount > 500) log.firstElementChild.remove();
  }
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function listen() {
  if (stream) stream.close();
  log.replaceChildren();
  stream = new EventSource('/api/v1/console/stream?last=50&channel=' + encodeURIComponent(channel.value));
  stream.onopen = () => { line.textContent = ''; };
  stream.onmessage = (event) => show(JSON.parse(event.data));
  // A browser tries again by itself unless it was turned away, as after signing out elsewhere.
  stream.onerror = () => {
    line.textContent = 'reconnecting…';
    if (stream.readyState === EventSource.CLOSED) setTimeout(start, 2000);
  };
}

let asked = 0;
text.addEventListener('input', async () => {
  const turn = ++asked, typed = text.value;
  await new Promise((done) => setTimeout(done, 120));
  if (turn !== asked || !typed.startsWith('/')) return;
  const query = new URLSearchParams({ line: typed, channel: channel.value });
  const answer = await fetch('/api/v1/complete?' + query).catch(() => null);
  if (!answer || !answer.ok || turn !== asked) return;
  const { start: from, candidates } = await answer.json();
  // Offsets count bytes of UTF-8.
  const kept = new TextDecoder().decode(new TextEncoder().encode(typed).slice(0, from));
  $('next').replaceChildren(...candidates.slice(0, 20).map((candidate) => {
    const option = make('option', '', candidate.label);
    option.value = kept + candidate.value;
    return option;
  }));
});

$('say').addEventListener('submit', async (event) => {
  event.preventDefault();
  const typed = text.value;
  if (!typed.trim()) return;
  text.value = '';
  if (!(await send('/api/v1/commands?wait=5', { text: typed, channel: channel.value })) && !text.value) text.value = typed;
});
channel.addEventListener('change', listen);

async function start() {
  const answer = await fetch('/api/v1/whoami').catch(() => null);
  if (answer && answer.status === 401) return location.reload();
  if (!answer || !answer.ok) { line.textContent = 'the bot does not answer'; return setTimeout(start, 2000); }
  const { person, channels } = await answer.json();
  $('who').textContent = person.name;
  const chosen = channel.value;
  channel.replaceChildren(...channels.map((name) => make('option', '', name)));
  if (channels.includes(chosen)) channel.value = chosen;
  listen();
}
start();
