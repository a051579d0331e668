// The channels of incidents: the list of them, and the head of the one that is open (topic, pinned card, archived or not).
import { card, make } from './cards.js';

const $ = (id) => document.getElementById(id);

async function get(query) {
  const answer = await fetch('/api/v1/conversations' + query).catch(() => null);
  return answer?.ok ? (await answer.json()).items : [];
}

/** Shows a channel's head; `current()` says which channel is open by the time the answer comes. */
export async function head(channel, current) {
  const [room] = await get('?' + new URLSearchParams({ channel }));
  if (current() !== channel) return;
  const { topic = '', archived = false, pinned = null } = room || {};
  $('topic').textContent = archived ? `Archived: it can be read only. ${topic}` : topic;
  const pin = $('pin');
  pin.hidden = !pinned;
  if (pinned) {
    pin.open = pin.dataset.message !== pinned.message ? true : pin.open;
    pin.dataset.message = pinned.message;
    pin.querySelector('div').replaceChildren(card(pinned.view, pinned.message));
  }
  $('head').hidden = !topic && !archived && !pinned;
  $('room').classList.toggle('archived', archived);
  for (const part of $('say').elements) if (part.id !== 'keys') part.disabled = archived;
}

/** Keeps the list of channels as it is; `visit` is called for a click on one. */
export function list(visit, current) {
  let asking = false, again = false;
  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    const rooms = await get('');
    const nav = $('channels'), there = new Map([...nav.querySelectorAll('a')].map((link) => [link.dataset.channel, link]));
    for (const room of rooms) {
      let link = there.get(room.name);
      if (!link) {
        link = make('a', '', room.name);
        link.dataset.channel = room.name;
        link.href = '/console?' + new URLSearchParams({ channel: room.name });
        nav.append(link);
        visit(link);
      }
      link.classList.toggle('opened', room.shape !== null);
      link.classList.toggle('archived', room.archived);
      if (room.invited && room.name !== current() && !there.has(room.name)) {
        link.classList.add('news');
        link.title = 'You are invited';
      }
    }
    asking = false;
    if (again) { again = false; refresh(); }
  }
  const ticks = new EventSource('/api/v1/changes');
  ticks.onmessage = refresh;
  refresh();
}

/** What happened to a channel, in words; nothing for what is no news of that kind. */
export function told(item) {
  const { author, payload } = item;
  switch (item.kind) {
    case 'opened': return `${author} opened this ${payload.shape}, asked for in ${payload.near}.`;
    case 'topic': return `${author} set the topic: ${payload.topic}`;
    case 'invited': return payload.conversation
      ? `You are invited to ${payload.conversation.replace(/^console:/, '')}.` : `${author} invited ${payload.people.join(', ')}.`;
    case 'pinned': return `${author} pinned the card.`;
    case 'unpinned': return `${author} took the pin off the card.`;
    case 'archived': return `${author} archived this channel.`;
    case 'unarchived': return `${author} opened this channel again.`;
    default: return null;
  }
}
