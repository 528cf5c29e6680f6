import { describe, expect, it } from 'vitest';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { createTokenizer } from '../../../src/engines/tokenizer/tokenizer.ts';
import { tokenizerGolden } from '../../conformance/goldens.ts';
import { makeModel } from '../../models/make_model.ts';

describe.each(['llama', 'qwen2', 'gpt2'] as const)(
  'token ids equal llama.cpp’s: %s',
  async (architecture) => {
    const golden = tokenizerGolden(architecture);
    const file = await openGguf(bufferSource(architecture, makeModel(golden.spec)));
    const tokenizer = createTokenizer(file.metadata);

    it.each(golden.cases)('$text', ({ text, plain, special }) => {
      expect(tokenizer.encode(text)).toEqual(plain);
      expect(tokenizer.encode(text, { parseSpecial: true })).toEqual(special);
    });
  },
);
