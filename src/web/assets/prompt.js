// The line that is typed: completion from the declarations, and the lines typed before.

/** Makes a combobox of an input and its list. `channel()` is where it is typed; `send(text)` is told of a line. */
export function prompt(input, list, channel, send) {
  const past = [];
  let at = 0, asked = 0, kept = '', candidates = [], chosen = -1;

  function close() {
    list.hidden = true;
    list.replaceChildren();
    candidates = [];
    chosen = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  function choose(index) {
    chosen = index;
    [...list.children].forEach((option, n) => option.setAttribute('aria-selected', String(n === chosen)));
    const option = list.children[chosen];
    if (!option) return input.removeAttribute('aria-activedescendant');
    option.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', option.id);
  }

  function take(index) {
    const candidate = candidates[index];
    if (!candidate) return;
    input.value = kept + candidate.value + ' ';
    close();
    input.focus();
    complete();
  }

  function show() {
    list.replaceChildren(...candidates.map((candidate, n) => {
      const option = document.createElement('li');
      option.id = `next-${n}`;
      option.setAttribute('role', 'option');
      option.setAttribute('aria-selected', 'false');
      const label = document.createElement('span');
      label.textContent = candidate.label;
      option.append(candidate.value, label);
      option.addEventListener('mousedown', (event) => { event.preventDefault(); take(n); });
      return option;
    }));
    list.hidden = candidates.length === 0;
    input.setAttribute('aria-expanded', String(!list.hidden));
    choose(-1);
  }

  async function complete() {
    const turn = ++asked, typed = input.value;
    if (!typed.startsWith('/')) return close();
    await new Promise((done) => setTimeout(done, 120));
    if (turn !== asked) return;
    const query = new URLSearchParams({ line: typed, channel: channel() });
    const answer = await fetch('/api/v1/complete?' + query).catch(() => null);
    if (!answer?.ok || turn !== asked || document.activeElement !== input) return;
    const found = await answer.json();
    if (turn !== asked) return;
    // Offsets count bytes of UTF-8.
    kept = new TextDecoder().decode(new TextEncoder().encode(typed).slice(0, found.start));
    candidates = found.candidates.slice(0, 20);
    show();
  }

  input.addEventListener('input', complete);
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    const open = !list.hidden;
    if (event.key === 'Tab' && open && !event.shiftKey) {
      event.preventDefault();
      take(Math.max(chosen, 0));
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      asked++;
      close();
    } else if (event.key === 'ArrowDown' && open) {
      event.preventDefault();
      choose(Math.min(chosen + 1, candidates.length - 1));
    } else if (event.key === 'ArrowUp' && open && chosen >= 0) {
      event.preventDefault();
      choose(chosen - 1);
    } else if (event.key === 'Enter' && open && chosen >= 0) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === 'ArrowUp' && past.length) {
      event.preventDefault();
      at = Math.max(0, at - 1);
      input.value = past[at];
    } else if (event.key === 'ArrowDown' && at < past.length) {
      event.preventDefault();
      at += 1;
      input.value = past[at] || '';
    }
  });

  input.form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = input.value;
    if (!text.trim()) return;
    asked++;
    close();
    past.push(text);
    at = past.length;
    input.value = '';
    // What did not get through is not lost.
    if (!(await send(text)) && !input.value) input.value = text;
  });
}
