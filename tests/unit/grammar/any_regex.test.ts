/** The platform's RegExp matches the output under any supported regular expression. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tryGrammar } from '../../../src/decoding/grammar/compile.ts';
import { lane, runScripted } from '../decoding/run_scripted.ts';
import { hot } from './samples.ts';
import { everyByte, tinyEngine } from './tiny_engine.ts';

const { pattern } = fc.letrec<{ pattern: string; piece: string; atom: string }>((tie) => ({
  pattern: fc
    .array(fc.array(tie('piece'), { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((alternatives) => alternatives.map((pieces) => pieces.join('')).join('|')),
  piece: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '?', '{2}', '{0,2}', '{1,3}?', '??'))
    .map((parts) => parts.join('')),
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      ...['a', 'B', '7', ' ', '-', 'é', '漢', '😀', '\\.', '\\n', '\\\\', '\\x41', '\\u00e9', '\\u{1F600}'],
      ...[
        '[abc]',
        '[a-z0-9]',
        '[^a-y]',
        '[^"\\\\]',
        '[é-ù]',
        '[x漢😀-😃]',
        '\\d',
        '\\w',
        '\\D',
        '\\W',
        '\\s',
      ],
      ...['[\\d\\-]', '[\\]^]', '"', '\\/', "'", '[\\u0391-\\u03a9]'],
    ),
    fc.tuple(fc.constantFrom('(', '(?:', '(?<n>'), tie('pattern')).map(([open, inner]) => `${open}${inner})`),
  ),
}));

test('texts match random patterns, over a vocabulary of single bytes', async () => {
  let longest = 0;
  await fc.assert(
    fc.asyncProperty(pattern, fc.nat(1000), async (source, chance) => {
      // Each name occurs in one group only.
      fc.pre(source !== '' && source.split('(?<n>').length < 3);
      const engine = tinyEngine(everyByte, chance);
      const outcome = await tryGrammar({ kind: 'regex', source }, engine.tokenizer);
      if ('problem' in outcome) expect.fail(`${source}: ${outcome.problem.message}`);
      const { result } = await runScripted(
        {
          lanes: [0, 1, 2, 3].map((seed) => lane({ ...hot, seed })),
          stop: { maxTokens: 400, sequences: [] },
        },
        { engine, text: 'x', constraint: () => outcome.ready.constraint() },
      );
      for (const { text, reason } of result.branches) {
        expect(reason, source).toBe('end-of-generation');
        expect(text).toMatch(new RegExp(`^(?:${source})$`, 'u'));
        longest = Math.max(longest, text.length);
      }
    }),
    { numRuns: 300 },
  );
  expect(longest).toBeGreaterThan(8);
});
