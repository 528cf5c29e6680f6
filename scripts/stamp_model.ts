/**
 * Writes the embedded model's name, size and hash for the catalogue. Run it when the model's file has changed:
 * `node scripts/run.mjs stamp_model [FILE] [OUT]`, by default from static/models to src/models/embedded.json.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openGguf } from '../src/engines/gguf/header.ts';
import { bufferSource } from '../src/engines/gguf/sources.ts';

const folder = 'static/models';
const [given, out = 'src/models/embedded.json'] = process.argv.slice(2);
const file = given ?? join(folder, onlyModel());

function onlyModel(): string {
  const found = readdirSync(folder).filter((name) => name.endsWith('.gguf'));
  if (found.length !== 1) {
    throw new Error(
      `${folder} holds ${found.length} .gguf files; name the one to ship as the first argument.`,
    );
  }
  return found[0]!;
}

const whole = readFileSync(file);
const fileName = basename(file);
const { metadata } = await openGguf(bufferSource(fileName, whole));
const entry = {
  name: metadata.string('general.name', fileName),
  fileName,
  size: whole.length,
  sha256: createHash('sha256').update(whole).digest('hex'),
};
writeFileSync(out, `${JSON.stringify(entry, null, 2)}\n`);
console.log(`${out}: ${entry.name}, ${entry.size} bytes, ${entry.sha256}`);
process.exit(0);
