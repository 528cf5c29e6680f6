import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFileSource } from '../../../scripts/node_file.ts';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { createTokenizer } from '../../../src/engines/tokenizer/tokenizer.ts';

// llama.cpp's own vectors for published vocabularies, which are large files, if they are present.
const folder = resolve(process.env['LOGITSCOPE_SHARED'] ?? '../shared', 'vocab');

describe.skipIf(!existsSync(folder))('tokenizer vectors of llama.cpp (../shared/vocab)', () => {
  it.each(['llama-spm', 'gpt-2', 'llama-bpe', 'qwen2'])('%s', async (name) => {
    const source = await nodeFileSource(resolve(folder, `${name}.gguf`));
    const tokenizer = createTokenizer((await openGguf(source)).metadata);
    await source.close();
    const texts = readFileSync(resolve(folder, `${name}.inp`), 'utf8').split('\n__ggml_vocab_test__\n');
    const lines = readFileSync(resolve(folder, `${name}.out`), 'utf8').split('\n');
    expect(texts).toHaveLength(47);
    texts.forEach((text, i) => {
      const expected = lines[i]!.trim().split(/\s+/).filter(Boolean).map(Number);
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(expected);
      expect(tokenizer.decode(tokenizer.encode(text)).trimStart(), JSON.stringify(text)).toBe(
        text.trimStart(),
      );
    });
  });
});
