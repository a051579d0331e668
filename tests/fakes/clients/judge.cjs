// Judges bodies by the published schemas: `judge.cjs SCHEMAS FILE…` (or standard input), a line of JSON each as the fakes' journal
// has them. Prints how many of each type were judged and what was wrong; fails if anything was.
'use strict';
const { readFileSync } = require('node:fs');
const Ajv = require('ajv').default;
const { DISCORD, SLACK } = require('./kinds.cjs');

const [schemas, ...files] = process.argv.slice(2);
const published = JSON.parse(readFileSync(schemas, 'utf8'));
// In a query or a form every number is a text.
const strict = new Ajv({ allErrors: true, strict: false });
const lenient = new Ajv({ allErrors: true, strict: false, coerceTypes: true });
const known = new Map();

function judgeOf(platform, type, asText) {
  const key = `${platform} ${type} ${asText}`;
  if (!known.has(key)) known.set(key, (asText ? lenient : strict).compile({ ...published[platform][type], $id: key }));
  return known.get(key);
}

// Of many branches that do not fit, the complaints that lie deepest are those of the branch that was meant.
function reasons(errors) {
  const depth = (error) => error.instancePath.split('/').length;
  const deepest = Math.max(...errors.map(depth));
  const found = errors.filter((error) => depth(error) >= deepest - 1 && error.keyword !== 'anyOf');
  return [...new Set(found.map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`))].slice(0, 6);
}

const judged = {};
const wrong = [];
const seen = new Set();
for (const line of (files.length > 0 ? files : [0]).flatMap((file) => readFileSync(file, 'utf8').split('\n'))) {
  if (line === '' || seen.has(line)) continue;
  seen.add(line);
  const { platform, kind, as_text: asText, body } = JSON.parse(line);
  const type = { discord: DISCORD, slack: SLACK }[platform].of(kind);
  if (type === undefined) {
    wrong.push({ platform, kind, why: ['no published type is named for it in kinds.cjs'], body });
    continue;
  }
  judged[type] = (judged[type] ?? 0) + 1;
  const judge = judgeOf(platform, type, asText);
  if (!judge(body)) wrong.push({ platform, kind, type, why: reasons(judge.errors), body });
}
console.log(JSON.stringify({ judged, wrong }));
process.exitCode = wrong.length > 0 ? 1 : 0;
