import { describe, expect, test } from 'vitest';
import { decodingFlagHelp, decodingFromFlags } from '../../../src/decoding/flags.ts';

describe('strategies and stop conditions from flags', () => {
  test('without flags they have the defaults', () => {
    expect(decodingFromFlags([]).value).toEqual({
      strategy: { kind: 'sample' },
      stop: { maxTokens: 128, sequences: [], ignoreEndOfGeneration: false },
      scorePrompt: false,
      topCandidates: 0,
    });
  });

  const strategies: [string, object][] = [
    ['--strategy greedy', { kind: 'greedy' }],
    ['--strategy beam --width 8 --length-penalty 0.6', { kind: 'beam', width: 8, lengthPenalty: 0.6 }],
    ['--strategy best-of-n --n 3', { kind: 'best-of-n', n: 3, score: { kind: 'average-logprob' } }],
    [
      '--strategy best-of-n --score verifier --verify length:3-',
      { kind: 'best-of-n', n: 4, score: { kind: 'verifier', verifier: { kind: 'length', min: 3 } } },
    ],
    [
      '--strategy majority-vote --answer regex:(\\d+)',
      { kind: 'majority-vote', n: 4, extractor: { kind: 'regex', pattern: '(\\d+)' } },
    ],
    ['--strategy=first-valid --verify=json', { kind: 'first-valid', n: 4, verifier: { kind: 'json' } }],
    [
      '--strategy first-valid --verify length:-9 --n 2',
      { kind: 'first-valid', n: 2, verifier: { kind: 'length', max: 9 } },
    ],
  ];
  test.each(strategies)('%s', (line, strategy) => {
    expect(decodingFromFlags(line.split(' ')).value.strategy).toEqual(strategy);
  });

  test('reads stops and switches, and leaves other flags alone', () => {
    const { value, rest } = decodingFromFlags([
      '--stop',
      '\n\n',
      '--top-p',
      '0.5',
      '--stop=User:',
      '--max-tokens',
      '9',
      '--ignore-eos',
      'true',
      '--score-prompt=true',
      '--top',
      '5',
    ]);
    expect(value).toMatchObject({
      stop: { maxTokens: 9, sequences: ['\n\n', 'User:'], ignoreEndOfGeneration: true },
      scorePrompt: true,
      topCandidates: 5,
    });
    expect(rest).toEqual(['--top-p', '0.5']);
  });

  const wrong: [string, RegExp][] = [
    ['--strategy tree', /--strategy is "tree", but must be one of sample \| greedy/],
    ['--strategy beam --width 0', /--width is "0", but must be a whole number from 1 to 64/],
    ['--strategy first-valid', /needs --verify/],
    ['--strategy first-valid --verify yaml', /--verify is "yaml"/],
    ['--strategy best-of-n --score nice', /--score is "nice"/],
    ['--strategy majority-vote --answer first', /--answer is "first"/],
    ['--ignore-eos maybe', /--ignore-eos is "maybe"/],
    ['--max-tokens many', /--max-tokens is "many"/],
    ['--stop', /--stop has no value/],
  ];
  test.each(wrong)('%s is refused', (line, message) => {
    expect(() => decodingFromFlags(line.split(' '))).toThrow(message);
  });

  test('the help names every flag once', () => {
    const flags = decodingFlagHelp().map(({ flag }) => flag);
    expect(new Set(flags).size).toBe(flags.length);
  });
});
