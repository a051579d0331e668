// Messages as elements. Everything that comes from a message is set as text, never as markup.
import { moment, time } from './times.js';
import { ask, click, note } from './say.js';

export function make(tag, className, content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (content !== undefined) element.textContent = content;
  return element;
}

function named(name, value) {
  const row = make('p');
  row.append(make('span', 'name', name + ':'), ' ', value);
  return row;
}

function link(part) {
  // Nothing but the web's own addresses, so that none runs a script.
  if (!/^https?:\/\//i.test(part.url)) return named(part.label, part.url);
  const anchor = make('a', '', part.label);
  anchor.href = part.url;
  anchor.rel = 'noopener noreferrer';
  anchor.target = '_blank';
  const row = make('p');
  row.append(anchor);
  return row;
}

function progress(part) {
  const row = named(part.label, '');
  if (!part.total) { row.append(`${part.done} so far`); return row; }
  const bar = make('progress');
  bar.max = part.total;
  bar.value = Math.min(part.done, part.total);
  bar.setAttribute('aria-label', part.label || 'progress');
  row.append(bar, ` ${Math.floor(100 * bar.value / bar.max)}% (${part.done} of ${part.total})`);
  return row;
}

function table(part) {
  const element = make('table');
  const line = (cells, tag) => {
    const row = make('tr');
    for (const cell of cells) row.append(make(tag, '', cell));
    return row;
  };
  const head = make('thead'), body = make('tbody');
  head.append(line(part.columns || [], 'th'));
  for (const cells of part.rows || []) body.append(line(cells, 'td'));
  element.append(head, body);
  return element;
}

function image(part) {
  const source = part.src || part.url || '';
  // Pictures are the bot's own; anything else is named, not fetched.
  if (!/^\/[a-z0-9]/i.test(source)) return make('p', 'context', part.alt || 'a picture');
  const element = make('img');
  element.src = source;
  element.alt = part.alt || '';
  return element;
}

function chart(part, message, index) {
  const element = make('img', 'chart');
  const theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  element.src = `/api/v1/charts/${encodeURIComponent(message)}/${index}?theme=${theme}`;
  element.alt = part.title;
  element.width = 800;
  element.height = 400;
  return element;
}

function code(part) {
  const element = make('pre', '', part.text);
  // Wide ones scroll, which the keyboard must be able to do too.
  element.tabIndex = 0;
  return element;
}

function moment_of(part) {
  const at = make('time', '', moment(part.at_ms));
  return named(part.name, at);
}

function line_of(part) {
  const row = make('p');
  row.append(make('time', 'name', moment(part.at_ms)), ' ', part.text);
  return row;
}

/** A button that does something once at a time. */
function pressed(label, style, doing) {
  const button = make('button', style, label);
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await doing();
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

function select(part, message) {
  const label = make('label', '', part.label + ' ');
  const choice = make('select');
  choice.append(make('option', '', '…'));
  for (const option of part.options || []) {
    const element = make('option', '', option.label);
    element.value = option.value;
    choice.append(element);
  }
  choice.addEventListener('change', async () => {
    if (choice.selectedIndex === 0) return;
    choice.disabled = true;
    await ask('POST', '/api/v1/actions?wait=10', { message, action: part.action, value: choice.value });
    choice.disabled = false;
    choice.selectedIndex = 0;
  });
  label.append(choice);
  return label;
}

const PARTS = {
  text: (part) => make('p', '', part.text),
  code,
  context: (part) => make('p', 'context', part.text),
  divider: () => make('hr'),
  field: (part) => named(part.name, part.value),
  time: moment_of,
  moment: line_of,
  progress,
  link,
  table,
  image,
  chart,
};

const CONTROLS = {
  button: (part, message) => pressed(part.label, part.style, () => click(message, part.action)),
  form: (part, message) => pressed(part.label, part.style, async () => {
    const { open } = await import('./forms.js');
    const fields = await open(part);
    if (fields) await click(message, part.action, fields);
  }),
  select,
};

/** A message's card; its buttons stand together at its end. */
export function card(view, message) {
  const box = make('div', 'card ' + (view.tone || 'neutral'));
  if (view.title) box.append(make('h2', '', view.title));
  const controls = make('div', 'buttons');
  for (const [index, part] of (view.blocks || []).entries()) {
    if (CONTROLS[part.type]) controls.append(CONTROLS[part.type](part, message));
    else if (PARTS[part.type]) box.append(PARTS[part.type](part, message, index));
    else box.append(make('p', 'context', '(a part that this page does not know; reload it)'));
  }
  if (controls.childElementCount) box.append(controls);
  return box;
}

/** A line of the stream as an article. */
export function article(item, me) {
  const element = make('article');
  element.dataset.seq = item.seq;
  const by = make('div', 'by', `${item.author} · ${time(item.at_ms)}`);
  if (item.private_to) by.append(make('span', 'only', item.private_to === me ? 'only you see this' : 'private'));
  element.append(by);
  if (item.kind === 'typed') {
    element.append(make('div', 'typed', item.payload.text));
  } else {
    element.id = 'm-' + item.message;
    element.append(card(item.payload, item.message));
    if (!item.private_to) {
      const keep = pressed('Add to the timeline', 'quiet keep', async () => {
        const done = await ask('POST', '/api/v1/reactions', { message: item.message, emoji: 'pushpin' });
        if (done) note(done.incident ? `It is in the timeline of ${done.incident}.` : 'Done.');
      });
      by.append(keep);
    }
  }
  return element;
}
