// Every page but the console: times, buttons, and a part that follows what happens.
import { localise, tick } from './times.js';
import { ask, click, note } from './say.js';

let asking = false, again = false;

/** Fetches the page anew and puts its live part in place of the old one. */
async function refresh() {
  const old = document.getElementById('live');
  if (!old || document.hidden) { again = true; return; }
  if (asking) { again = true; return; }
  asking = true;
  again = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.getElementById('live');
    if (!fresh || fresh.isEqualNode(shown)) return;
    shown = fresh.cloneNode(true);
    const focused = old.contains(document.activeElement) ? place(old, document.activeElement) : -1;
    localise(fresh);
    old.replaceWith(document.adoptNode(fresh));
    tick();
    if (focused >= 0) reach(fresh)[focused]?.focus({ preventScroll: true });
  } catch {
    again = true;
  } finally {
    asking = false;
  }
}

const reach = (root) => [...root.querySelectorAll('a[href], button, input, select, [tabindex]')];
const place = (root, element) => reach(root).indexOf(element);

let shown = document.getElementById('live')?.cloneNode(true);
localise(document);
tick();
setInterval(tick, 1000);

if (shown) {
  const ticks = new EventSource('/api/v1/changes');
  ticks.onmessage = refresh;
  // What happened while the line was down is not heard of later.
  let down = false;
  ticks.onopen = () => { if (down) refresh(); down = false; };
  ticks.onerror = () => { down = true; if (ticks.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000); };
  document.addEventListener('visibilitychange', () => { if (again && !document.hidden) refresh(); });
}

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
