// Moments in the reader's own zone, and clocks that run.

const day = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
const hour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** A moment with its day, in milliseconds since the epoch. */
export function moment(atMs) {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? 'far away' : day.format(date);
}

/** The time of day; with the day when that is not today's. */
export function time(atMs) {
  const date = new Date(atMs);
  return date.toDateString() === new Date().toDateString() ? hour.format(date) : moment(atMs);
}

/** `42 min`, as the server says it. */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [days, hours, minutes] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min` : `${s} s`;
}

/** Puts the times under an element into the reader's zone. */
export function localise(root) {
  for (const element of root.querySelectorAll('time[datetime]:not(.clock)')) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    element.title = element.dateTime;
    element.textContent = day.format(date);
  }
}

/** Moves every clock on the page. */
export function tick() {
  for (const element of document.querySelectorAll('.clock[data-since]')) {
    element.textContent = span(Date.now() - Number(element.dataset.since));
  }
}
