// Makes JSON schemas of the types that Slack and Discord publish for their own clients, for judge.cjs: `schemas.cjs FOLDER`, where
// FOLDER holds the installed packages and gets `schemas.json`. What is not in a type is refused.
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { createGenerator } = require('ts-json-schema-generator');
const { DISCORD, SLACK } = require('./kinds.cjs');

const folder = process.argv[2];
const options = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', strict: true, skipLibCheck: true, types: ['node'] };
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }));

// Bits may be set together; TypeScript knows them one by one.
function withBits(schema) {
  for (const [name, definition] of Object.entries(schema.definitions)) {
    const bits = definition.enum ?? [];
    if (!name.endsWith('Flags') || !bits.every((bit) => Number.isInteger(Math.log2(bit)))) continue;
    schema.definitions[name] = { type: 'integer', minimum: 0, maximum: bits.reduce((sum, bit) => sum + bit, 0) };
  }
  return schema;
}

const schemas = {};
for (const [name, types] of Object.entries({ discord: DISCORD.types, slack: SLACK.types })) {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, Object.values(types).join(''));
  const generator = createGenerator({ path, tsconfig: join(folder, 'tsconfig.json'), skipTypeCheck: true, additionalProperties: false });
  schemas[name] = Object.fromEntries(Object.keys(types).map((type) => [type, withBits(generator.createSchema(type))]));
}
writeFileSync(join(folder, 'schemas.json'), JSON.stringify(schemas));
const count = Object.values(schemas).map((of) => Object.keys(of).length);
if (readFileSync(join(folder, 'schemas.json')).length < 100_000) throw new Error(`hardly anything came out: ${count}`);
