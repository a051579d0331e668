// Every page but the console: times, buttons, and a part that follows what happens.
import { localise, tick } from './times.js';
import { ask, click, note } from './say.js';

let asking = false, again = false;

/** Fetches the page anew and puts its live parts in place of the old ones, where they differ. */
async function refresh() {
  if (!shown.size || document.hidden || asking) { again = true; return; }
  asking = true;
  again = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) { again = true; return; }
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const id of shown.keys()) {
      const fresh = page.getElementById(id);
      if (fresh && !fresh.isEqualNode(shown.get(id))) put(id, fresh);
    }
    tick();
  } catch {
    again = true;
  } finally {
    asking = false;
  }
}

/** Puts a part in place of the old one; whoever stood on something in it stands on the same of the new one. */
function put(id, fresh) {
  const old = document.getElementById(id);
  const focused = reach(old).indexOf(document.activeElement);
  shown.set(id, fresh.cloneNode(true));
  localise(fresh);
  old.replaceWith(document.adoptNode(fresh));
  if (focused >= 0) reach(fresh)[focused]?.focus({ preventScroll: true });
}

const reach = (root) => [...root.querySelectorAll('a[href], button, input, select, [tabindex]')];
const shown = new Map([...document.querySelectorAll('[data-live]')].map((part) => [part.id, part.cloneNode(true)]));

localise(document);
tick();
setInterval(tick, 1000);

if (shown.size) {
  const ticks = new EventSource('/api/v1/changes');
  ticks.onmessage = refresh;
  // What came in while a refresh was under way is fetched after it.
  setInterval(() => { if (again && !document.hidden) refresh(); }, 1000);
  // What happened while the line was down, or before it was up, is not heard of later.
  ticks.onopen = refresh;
  ticks.onerror = () => { if (ticks.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000); };
}

document.addEventListener('change', async (event) => {
  const { message, action } = event.target.dataset;
  if (!message || !event.target.value) return;
  const done = await ask('POST', '/api/v1/actions?wait=10', { message, action, value: event.target.value });
  event.target.selectedIndex = 0;
  if (done) { note(done.text || 'Done.'); refresh(); }
});

document.addEventListener('click', async (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const { message, action, delete: path } = button.dataset;
  if (!message && !path) return;
  button.disabled = true;
  if (path) {
    const done = await ask('DELETE', path);
    if (done) { note('Done.'); refresh(); } else button.disabled = false;
    return;
  }
  let fields;
  if (button.dataset.form) {
    const { open } = await import('./forms.js');
    fields = await open(JSON.parse(button.dataset.form));
    if (!fields) { button.disabled = false; return; }
  }
  const done = await click(message, action, fields);
  button.disabled = false;
  if (done) { note(done.text || 'Done.'); refresh(); }
});
