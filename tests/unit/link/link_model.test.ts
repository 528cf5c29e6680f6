import { expect, test } from 'vitest';
import { modelAddress } from '../../../src/playground/link/link_model.ts';

test.each([
  ['https://example.org/m/small-Q4_K.gguf', 'https://example.org/m/small-Q4_K.gguf'],
  ['Qwen/Qwen2-GGUF/q8_0.gguf@c0ffee', 'https://huggingface.co/Qwen/Qwen2-GGUF/resolve/c0ffee/q8_0.gguf'],
  ['o/r/sub/dir/x.gguf', 'https://huggingface.co/o/r/resolve/main/sub/dir/x.gguf'],
  ['embedded', null],
  ['file', null],
  ['http://example.org/x.gguf', null],
  ['o/r', null],
  ['o/r/x.bin', null],
  ['javascript:alert(1)//x/y.gguf', null],
])('%s: %s', (model, address) => expect(modelAddress(model)).toBe(address));
