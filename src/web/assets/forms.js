// Forms in a dialog: those that a button opens, and those made of a command's declared arguments.
import { make } from './cards.js';

function field(spec, index) {
  const id = `field-${index}`;
  const row = make('div', spec.type === 'flag' ? 'field flag' : 'field');
  const label = make('label', '', spec.label + (spec.required ? '' : ' (optional)'));
  label.htmlFor = id;
  const input = control(spec);
  input.id = id;
  input.name = spec.name;
  if (spec.required) input.required = true;
  row.append(label);
  if (spec.hint) {
    const hint = make('span', 'hint', spec.hint);
    hint.id = id + '-hint';
    input.setAttribute('aria-describedby', hint.id);
    row.append(hint);
  }
  if (spec.type === 'flag') row.prepend(input); else row.append(input);
  return row;
}

function control(spec) {
  if (spec.type === 'select') {
    const input = make('select');
    if (!spec.required || !spec.initial) input.append(new Option('…', ''));
    for (const option of spec.options || []) input.append(new Option(option.label || option.value, option.value));
    input.value = spec.initial || '';
    return input;
  }
  if (spec.type === 'paragraph') {
    const input = make('textarea');
    input.rows = 3;
    if (spec.max_chars) input.maxLength = spec.max_chars;
    input.value = spec.initial || '';
    return input;
  }
  const input = make('input');
  if (spec.type === 'flag') { input.type = 'checkbox'; return input; }
  if (spec.type === 'number') {
    input.type = 'number';
    input.step = '1';
    if (spec.min !== undefined && spec.min !== null) input.min = spec.min;
    if (spec.max !== undefined && spec.max !== null) input.max = spec.max;
  } else if (spec.max_chars) {
    input.maxLength = spec.max_chars;
  }
  input.value = spec.initial || '';
  return input;
}

/** Shows a form; resolves to what was entered by the fields' names, or to `null` when it was closed. */
export function open({ title, submit, fields }) {
  const dialog = make('dialog'), form = make('form'), heading = make('h2', '', title);
  heading.id = 'dialog-heading';
  dialog.setAttribute('aria-labelledby', heading.id);
  form.noValidate = true;
  const wrong = make('p', 'wrong');
  wrong.setAttribute('role', 'alert');
  const ends = make('div', 'ends');
  const cancel = make('button', '', 'Cancel');
  cancel.type = 'button';
  ends.append(cancel, make('button', 'primary', submit || 'Send'));
  form.append(heading, ...fields.map(field), wrong, ends);
  dialog.append(form);
  document.body.append(dialog);
  const before = document.activeElement;
  return new Promise((done) => {
    let entered = null;
    cancel.addEventListener('click', () => dialog.close());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const bad = [...form.elements].find((element) => element.name && !element.checkValidity());
      if (bad) {
        const spec = fields.find((spec) => spec.name === bad.name);
        wrong.textContent = `${spec.label}: ${bad.validationMessage}`;
        bad.setAttribute('aria-invalid', 'true');
        bad.focus();
        return;
      }
      entered = {};
      for (const element of form.elements) {
        if (!element.name) continue;
        if (element.type === 'checkbox') { if (element.checked) entered[element.name] = 'true'; }
        else if (element.value !== '') entered[element.name] = element.value;
      }
      dialog.close();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus?.();
      done(entered);
    });
    dialog.showModal();
  });
}

/** A dialog that is only read. */
export function tell(title, content) {
  const dialog = make('dialog'), heading = make('h2', '', title), ends = make('form');
  heading.id = 'dialog-heading';
  dialog.setAttribute('aria-labelledby', heading.id);
  ends.method = 'dialog';
  ends.className = 'ends';
  ends.append(make('button', 'primary', 'Close'));
  dialog.append(heading, content, ends);
  document.body.append(dialog);
  const before = document.activeElement;
  dialog.addEventListener('close', () => { dialog.remove(); before?.focus?.(); });
  dialog.showModal();
}

/** Somebody's text as one word of a command line, to be read back as it is. */
export function quote(text) {
  return '"' + text.replace(/[\\"“”„]/g, '\\$&') + '"';
}

const plain = (text) => (/^[\p{L}\p{N}._:/#@+][\p{L}\p{N}._:/#@+-]*$/u.test(text) ? text : quote(text));

/** The form of a subcommand's declared arguments. */
export function ofCommand(command, sub) {
  const kinds = { int: 'number', flag: 'flag' };
  return {
    title: `/${command.name} ${sub.name}`.trim() + `: ${sub.summary}`,
    submit: 'Run',
    fields: sub.args.map((arg) => ({
      name: arg.name,
      label: arg.name,
      hint: arg.summary,
      required: arg.required,
      type: arg.choices?.length ? 'select' : kinds[arg.type] || (arg.rest ? 'paragraph' : 'text'),
      options: (arg.choices || []).map((value) => ({ value, label: value })),
      initial: arg.required ? '' : '',
      max_chars: 4000,
    })),
  };
}

/** The command line that says what was entered. */
export function line(command, sub, entered) {
  const words = ['/' + command.name];
  if (sub.name) words.push(sub.name);
  for (const arg of sub.args.filter((arg) => !arg.option)) {
    if (entered[arg.name] === undefined) break;
    words.push(plain(entered[arg.name]));
  }
  for (const arg of sub.args.filter((arg) => arg.option)) {
    if (entered[arg.name] === undefined) continue;
    words.push('--' + arg.name);
    if (arg.type !== 'flag') words.push(plain(entered[arg.name]));
  }
  return words.join(' ');
}
