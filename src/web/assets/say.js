// What the pages ask of the bot, and what they tell the reader when that does not work.

/** A fresh delivery id: sending again with the same one is answered, not repeated. */
function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

let hide = 0;

/** Tells the reader something for a while. */
export function note(text) {
  const element = document.getElementById('note');
  element.textContent = text;
  element.hidden = !text;
  clearTimeout(hide);
  hide = setTimeout(() => { element.hidden = true; }, 8000);
}

/** Asks for something; `null` when it did not work, which the reader is then told. */
export async function ask(method, path, body) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key() };
  for (let tries = 1; ; tries++) {
    let answer;
    try {
      answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
      if (answer.status === 503 && tries < 4) throw new Error('busy');
    } catch {
      if (tries >= 4) { note('The bot does not answer. Try again in a moment.'); return null; }
      await new Promise((done) => setTimeout(done, 400 * tries));
      continue;
    }
    if (answer.status === 401) { location.reload(); return null; }
    if (answer.status === 204) return {};
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    note(said.detail || 'That did not work.');
    return null;
  }
}

/** Clicks a button of a message, or submits its form. */
export function click(message, action, fields) {
  return ask('POST', '/api/v1/actions?wait=10', { message, action, ...(fields && { fields }) });
}
