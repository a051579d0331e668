// A channel's stream, across broken connections: every line once, in order, from the last one seen.

/** Follows a channel. `show(item)` gets each line, `state(text)` what to tell the reader of the line itself. */
export function follow(channel, show, state) {
  let source = null, last = null, timer = 0, tries = 0, ended = false;

  function open() {
    clearTimeout(timer);
    if (ended) return;
    const query = new URLSearchParams({ channel });
    if (last === null) query.set('last', '100'); else query.set('after', last);
    source = new EventSource('/api/v1/console/stream?' + query);
    source.onopen = () => { tries = 0; state(''); };
    source.onmessage = (event) => {
      const item = JSON.parse(event.data);
      // A browser that resumes by itself may be sent what it has.
      if (last !== null && item.seq <= last) return;
      last = item.seq;
      show(item);
    };
    source.onerror = () => {
      if (ended) return;
      state('The line to the bot is down. Trying again; nothing said meanwhile is lost.');
      // Some failures a browser gives up on; and its own patience is long. We ask ourselves.
      source.close();
      timer = setTimeout(check, Math.min(1000 * 2 ** tries++, 15000));
    };
  }

  async function check() {
    const answer = await fetch('/api/v1/whoami').catch(() => null);
    if (answer?.status === 401) return location.reload();
    if (answer?.ok) return open();
    timer = setTimeout(check, Math.min(1000 * 2 ** tries++, 15000));
  }

  open();
  return () => { ended = true; clearTimeout(timer); source.close(); };
}
