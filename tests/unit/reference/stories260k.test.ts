import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFileSource } from '../../../scripts/node_file.ts';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { createTokenizer } from '../../../src/engines/tokenizer/tokenizer.ts';
import { plainForward, readPlainModel } from '../../reference/plain_forward.ts';

const folder = resolve(process.env['LOGITSCOPE_SHARED'] ?? '../shared', 'models');

interface Reference {
  readonly greedy_ids: readonly number[];
  readonly text: string;
  readonly logits_step0: readonly number[];
  readonly logits_step10: readonly number[];
  readonly logits_step100: readonly number[];
}

// A published model with a published text, if they are present.
describe.skipIf(!existsSync(folder))('the plain forward pass on stories260K (../shared/models)', async () => {
  const source = await nodeFileSource(resolve(folder, 'stories260K.gguf')).catch(() => undefined);
  const file = source && (await openGguf(source));
  const model = file && (await readPlainModel(file));

  it('gives numpy’s logits, and llama2.c’s greedy text', () => {
    const reference = JSON.parse(
      readFileSync(resolve(folder, 'stories260K_greedy_reference.json'), 'utf8'),
    ) as Reference;
    const ids = reference.greedy_ids;
    const logits = plainForward(model!, ids);
    for (let i = 0; i + 1 < ids.length; i++) expect(argmax(logits[i]!)).toBe(ids[i + 1]);
    for (const step of [0, 10, 100] as const) {
      reference[`logits_step${step}`].forEach((expected, id) => {
        expect(Math.abs(logits[step]![id]! - expected)).toBeLessThan(2e-5);
      });
    }
    const tokenizer = createTokenizer(file!.metadata);
    expect(tokenizer.decode(ids)).toBe(reference.text.trimStart());
  });

  it('continues “Once upon a time” as llama.cpp does', () => {
    const tokenizer = createTokenizer(file!.metadata);
    const prompt = tokenizer.encode('Once upon a time', { addSpecial: true });
    const ids = [...prompt];
    const first = plainForward(model!, ids).at(-1)!;
    const logSum = Math.log(first.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const top = Array.from(first, (logit, id) => [tokenizer.label(id), logit - logSum] as const)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 5);
    expect(top.map(([label]) => label)).toEqual([',', ' there', ' in', ' on', 'ut']);
    // From llama.cpp with its KV cache in F32. In F16, its default, the last of them are off by 2e-3 to 5e-3.
    [-0.0317, -3.54984, -8.12145, -8.24381, -8.69686].forEach((expected, i) => {
      expect(Math.abs(top[i]![1] - expected)).toBeLessThan(2e-5);
    });

    const text =
      ', there was a little girl named Lily. She loved to play outside in the park. One day, she saw';
    while (tokenizer.decode(ids.slice(prompt.length)).length < text.length) {
      ids.push(argmax(plainForward(model!, ids).at(-1)!));
    }
    expect(tokenizer.decode(ids.slice(prompt.length))).toBe(text);
  });
});

function argmax(values: Float64Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
