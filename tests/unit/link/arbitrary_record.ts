/** Any record that the page could send: lanes, branches, tokens with partial bytes, numbers in thousandths. */
import fc from 'fast-check';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { Strategy, Verifier } from '../../../src/decoding/events.ts';
import type { DocumentComparison } from '../../../src/playground/record/comparison_schema.ts';
import type { DocumentText, DocumentToken, RunRecord } from '../../../src/playground/record/document.ts';

const nats = fc.integer({ min: -60_000, max: 0 }).map((value) => (value === 0 ? 0 : value / 1000));
const positive = fc.integer({ min: 0, max: 12_000 }).map((value) => value / 1000);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 5 });

/** A token's label depends only on its id. */
const labelOf = (id: number): string => (id % 7 === 0 ? `\\x${(id % 256).toString(16)}` : ` w${id}`);

const candidate = fc.record({
  id: fc.nat(500),
  rawLogprob: nats,
  finalLogprob: maybe(nats),
});

const token: fc.Arbitrary<DocumentToken> = fc
  .record({
    id: fc.nat(500),
    text: fc.option(fc.string({ unit: 'grapheme', maxLength: 4 }), { nil: null }),
    rawLogprob: maybe(nats),
    finalLogprob: maybe(nats),
    rank: maybe(fc.integer({ min: 1, max: 150_000 })),
    entropy: maybe(positive),
    finalEntropy: maybe(positive),
    kept: maybe(fc.integer({ min: 1, max: 150_000 })),
    top: fc.array(candidate, { maxLength: 5 }),
  })
  .map(({ text, top, ...rest }) => ({
    ...rest,
    ...(rest.id % 3 === 0 ? { masked: rest.id / 500 } : {}),
    label: labelOf(rest.id),
    text: text ?? labelOf(rest.id),
    kind: rest.id % 11 === 0 ? ('control' as const) : ('normal' as const),
    top: top
      .map((entry) => ({ ...entry, label: labelOf(entry.id) }))
      .sort((a, b) => b.rawLogprob - a.rawLogprob),
  }));

const root = fc
  .record({
    tokens: fc.array(token, { minLength: 1, maxLength: 12 }),
    prompt: fc.nat(12),
    temperature: fc.constantFrom(0, 0.8, 1.4),
  })
  .map(({ tokens, prompt, temperature }) => ({
    tokens,
    promptLength: Math.min(prompt, tokens.length),
    temperature,
  }));

const verifier: fc.Arbitrary<Verifier> = fc.oneof(
  fc.record({
    kind: fc.constant('regex' as const),
    pattern: fc.string({ maxLength: 9 }),
    flags: fc.constant('iu'),
  }),
  fc.constant({ kind: 'json' as const }),
  fc.record(
    { kind: fc.constant('length' as const), min: fc.nat(40), max: fc.nat(400) },
    { requiredKeys: ['kind'] },
  ),
);

const arbitraryStrategy: fc.Arbitrary<Strategy> = fc.oneof(
  fc.constant({ kind: 'sample' as const }),
  fc.record({
    kind: fc.constant('beam' as const),
    width: fc.integer({ min: 1, max: 16 }),
    lengthPenalty: positive.map((p) => Math.min(10, p)),
  }),
  fc.record({
    kind: fc.constant('best-of-n' as const),
    n: fc.integer({ min: 2, max: 16 }),
    score: fc.oneof(
      fc.record({
        kind: fc.constantFrom('average-logprob' as const, 'shortest' as const, 'longest' as const),
      }),
      fc.record({ kind: fc.constant('verifier' as const), verifier }),
    ),
  }),
  fc.record({
    kind: fc.constant('majority-vote' as const),
    n: fc.integer({ min: 2, max: 16 }),
    extractor: fc.oneof(
      fc.record({ kind: fc.constantFrom('last-number' as const, 'whole-text' as const) }),
      fc.record(
        {
          kind: fc.constant('regex' as const),
          pattern: fc.string({ maxLength: 9 }),
          fold: fc.constant(true as const),
        },
        { requiredKeys: ['kind', 'pattern'] },
      ),
    ),
  }),
  fc.record({ kind: fc.constant('first-valid' as const), n: fc.integer({ min: 2, max: 16 }), verifier }),
);

function comparisonOf(
  { strategy, sharedLuck, ended }: { strategy: Strategy; sharedLuck: boolean; ended: boolean },
  texts: readonly DocumentText[],
): DocumentComparison {
  const own = strategy.kind === 'sample';
  return {
    strategy,
    params: { ...defaultParams(), temperature: 1.1 },
    lanes: own ? texts.map((_, lane) => ({ temperature: lane / 4 })) : [],
    sharedLuck,
    stop: { maxTokens: 40, sequences: ['\n\n'] },
    usage: ended ? { pagesUsed: 3, pagesTotal: 64, pageTokens: 32, bytesPerPage: 9_000 } : null,
    outcome: ended
      ? {
          winner: own ? null : texts.length - 1,
          ranking: texts.map((_, index) => index),
          votes: own ? [] : [{ answer: 'she', branches: [0] }],
          judgements: texts.map((_, index) => ({
            score: own ? null : -(index + 1) / 8,
            valid: null,
            answer: null,
          })),
          timing: {
            promptTokens: 4,
            reusedTokens: 0,
            prefillMs: 12,
            steps: 9,
            tokens: 30,
            decodeMs: 250,
            samplingMs: 8,
          },
        }
      : null,
    greedy: strategy.kind === 'beam' ? { text: ' a b', tokens: [1, 2], totalLogprob: -2.125 } : null,
  };
}

export const arbitraryRecord: fc.Arbitrary<RunRecord> = fc
  .record({
    roots: fc.array(root, { minLength: 1, maxLength: 4 }),
    branch: fc.option(fc.record({ at: fc.nat(12), tokens: fc.array(token, { maxLength: 6 }) }), {
      nil: null,
    }),
    sha256: fc.constantFrom(null, 'ab'.repeat(32)),
    continued: fc.boolean(),
    compared: fc.option(
      fc.record({ strategy: arbitraryStrategy, sharedLuck: fc.boolean(), ended: fc.boolean() }),
      {
        nil: null,
      },
    ),
  })
  .map(({ roots, branch, sha256, continued, compared }) => {
    const texts = roots.map(({ tokens, promptLength, temperature }, lane): DocumentText => ({
      name: `1${String.fromCharCode(97 + lane)}`,
      lane,
      parent: null,
      forkedAt: null,
      drawn: [],
      params: {
        ...defaultParams(),
        temperature,
        logitBias: [{ token: 3, bias: -Infinity }],
        grammar: temperature > 1 ? { kind: 'regex', source: 'é|"b"' } : null,
      },
      stream: lane,
      byHand: [],
      promptLength,
      visible: 7,
      reason: 'max-tokens',
      tokens,
    }));
    const parent = texts[0]!;
    if (branch) {
      const at = Math.max(parent.promptLength, Math.min(branch.at, parent.tokens.length));
      const tokens = [...parent.tokens.slice(0, at), ...branch.tokens];
      const byHand = branch.tokens.length > 0 ? [at - parent.promptLength] : [];
      texts.push({ ...parent, name: '1a.1', parent: 0, forkedAt: at, byHand, tokens });
    }
    const last = texts.at(-1)!;
    if (continued && last.tokens.length > 0) {
      const from = last.tokens.length - 1;
      const drawn = [
        { from: 0, params: { ...defaultParams(), topK: 3 }, strategy: 'best-of-n' as const },
        ...(from > 0 ? [{ from, params: defaultParams(), strategy: 'sample' as const }] : []),
      ];
      texts[texts.length - 1] = { ...last, drawn };
    }
    const [{ promptLength }] = texts as [DocumentText];
    const together = compared && texts.every((text) => text.promptLength === promptLength);
    const comparison = together ? comparisonOf(compared, texts) : null;
    return {
      model: { name: 'tiny', fileSize: 1_234_567, vocabularySize: 512, sha256 },
      engine: { kind: 'webgpu', adapter: 'SwiftShader' },
      strategy: comparison?.strategy.kind ?? 'sample',
      lines: texts,
      comparison,
      current: texts.length - 1,
      selected: null,
    };
  });

const extremeNats = fc.constantFrom(-1e9, 1e9, -1_000_000.001, -2_000.5, 0);
const extremeCount = fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1);
const extremeNumbers = fc.record({
  rawLogprob: maybe(extremeNats),
  finalLogprob: maybe(extremeNats),
  entropy: maybe(extremeNats),
  finalEntropy: maybe(extremeNats),
  rank: maybe(extremeCount),
  kept: maybe(extremeCount),
  id: extremeCount,
});

/** A record at the bounds of its schema. */
export const extremeRecord: fc.Arbitrary<RunRecord> = fc
  .tuple(
    arbitraryRecord,
    fc.array(extremeNumbers, { minLength: 1, maxLength: 5 }),
    fc.constantFrom('w', 'w'.repeat(5_000)),
  )
  .map(([record, numbers, label]): RunRecord => {
    const texts = record.lines.map((text): DocumentText => ({
      ...text,
      stream: 2 ** 32 - 1,
      visible: Number.MAX_SAFE_INTEGER,
      tokens: text.tokens.map((token, at) => {
        const extreme = numbers[at % numbers.length]!;
        const named = {
          label: `${label}${extreme.id}`,
          text: `${label}${extreme.id}`,
          kind: 'byte' as const,
        };
        const top = numbers.flatMap(({ id, rawLogprob, finalLogprob }) =>
          rawLogprob === null ? [] : [{ id, label: `${label}${id}`, rawLogprob, finalLogprob }],
        );
        return { ...token, ...extreme, ...named, top };
      }),
    }));
    return { ...record, model: { ...record.model, fileSize: Number.MAX_SAFE_INTEGER }, lines: texts };
  });
