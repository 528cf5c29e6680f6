import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError, readArguments, usage } from '../../scripts/headless/arguments.ts';
import { SamplingError } from '../../src/sampling/errors.ts';

const read = (...argv: string[]) => readArguments(['--model', 'm.gguf', ...argv])!;

test('the flags of the runner, the chain and the strategy may come in any order', () => {
  const args = read(
    '--max-tokens',
    '7',
    '--json',
    '--prompt',
    '--json',
    '--top-k=3',
    '--n',
    '5',
    '--strategy',
    'best-of-n',
  );
  expect(args).toMatchObject({
    model: 'm.gguf',
    prompt: { kind: 'text', text: '--json' },
    json: true,
    tokenizeOnly: false,
    decoding: { strategy: { kind: 'best-of-n', n: 5 }, stop: { maxTokens: 7 }, scorePrompt: false },
  });
  expect(args.lanes).toHaveLength(1);
  expect(args.lanes[0]).toMatchObject({ topK: 3, temperature: 0.8 });
});

test('token ids are used as the prompt without change', () => {
  expect(read('--tokens', '1, 2,3').prompt).toEqual({ kind: 'tokens', tokens: [1, 2, 3] });
});

test('--lane takes flags of the chain, which override the common ones', () => {
  const { lanes } = read(
    '--prompt',
    'a',
    '--top-k',
    '9',
    '--temperature',
    '0.5',
    '--lane',
    '--seed 7',
    '--json',
    '--lane',
    '--temperature 1.5 --top-k 2',
  );
  expect(lanes.map(({ temperature, topK, seed }) => ({ temperature, topK, seed }))).toEqual([
    { temperature: 0.5, topK: 9, seed: 7 },
    { temperature: 1.5, topK: 2, seed: 42 },
  ]);
});

test('reads --prompt-logprobs and --logprobs', () => {
  expect(read('--prompt', 'a', '--logprobs', '5', '--prompt-logprobs')).toMatchObject({
    logprobs: 5,
    decoding: { scorePrompt: true },
  });
});

test('the help lists every flag once', () => {
  expect(readArguments(['--help', '--model', 'm', '--prompt', 'a'])).toBeNull();
  const flags = [...usage().matchAll(/^ {2}(--[\w-]+)/gm)].map((match) => match[1]);
  expect(new Set(flags).size).toBe(flags.length);
  expect(flags).toEqual(expect.arrayContaining(['--model', '--temperature', '--strategy', '--json']));
});

test.each([
  ['no model', ['--prompt', 'a'], UsageError, 'No model is named'],
  ['no prompt', ['--model', 'm'], UsageError, 'Give the prompt by either'],
  [
    'two prompts',
    ['--model', 'm', '--prompt', 'a', '--tokens', '1'],
    UsageError,
    'Give the prompt by either',
  ],
  [
    'an unknown flag',
    ['--model', 'm', '--prompt', 'a', '--topk', '3'],
    UsageError,
    '"--topk" is not an option',
  ],
  ['a stray word', ['--model', 'm', '--prompt', 'a', 'b'], UsageError, '"b" is not an option'],
  ['a flag without its value', ['--prompt', 'a', '--model'], SamplingError, '--model has no value'],
  ['token ids that are none', ['--model', 'm', '--tokens', '1,x'], SamplingError, '--tokens is "1,x"'],
  [
    'a number out of range',
    ['--model', 'm', '--prompt', 'a', '--logprobs', '-1'],
    SamplingError,
    '--logprobs is "-1"',
  ],
  [
    'a lane with a foreign flag',
    ['--model', 'm', '--prompt', 'a', '--lane', '--json'],
    UsageError,
    '--lane "--json"',
  ],
])('%s is reported in one sentence', (_, argv, type, words) => {
  const refused = () => readArguments(argv);
  expect(refused).toThrow(type);
  expect(refused).toThrow(words);
});

test('all lanes share one grammar: a pattern from the flag, a schema or an EBNF from its file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'grammar-'));
  const file = join(directory, 'schema.json');
  writeFileSync(file, '{"type":"boolean"}');
  try {
    const lanes = (...argv: string[]) => read('--prompt', 'a', ...argv).lanes.map(({ grammar }) => grammar);
    expect(lanes()).toEqual([null]);
    expect(lanes('--regex', 'a|b', '--lane', '--seed 1', '--lane', '--seed 2')).toEqual([
      { kind: 'regex', source: 'a|b' },
      { kind: 'regex', source: 'a|b' },
    ]);
    expect(lanes('--json-schema', file)).toEqual([{ kind: 'json-schema', source: '{"type":"boolean"}' }]);
    expect(() => lanes('--ebnf', join(directory, 'none'))).toThrow(/--ebnf names .*cannot be read/);
    expect(() => lanes('--ebnf', file, '--regex', 'a')).toThrow(UsageError);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
