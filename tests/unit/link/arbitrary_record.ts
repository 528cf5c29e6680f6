/** Any record that the page could send: lanes, branches, tokens with partial bytes, numbers in thousandths. */
import fc from 'fast-check';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { DocumentLine, DocumentToken, RunRecord } from '../../../src/playground/record/document.ts';

const nats = fc.integer({ min: -60_000, max: 0 }).map((value) => (value === 0 ? 0 : value / 1000));
const positive = fc.integer({ min: 0, max: 12_000 }).map((value) => value / 1000);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 5 });

/** A token's label belongs to its id: the same wherever it stands. */
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

export const arbitraryRecord: fc.Arbitrary<RunRecord> = fc
  .record({
    roots: fc.array(root, { minLength: 1, maxLength: 4 }),
    branch: fc.option(fc.record({ at: fc.nat(12), tokens: fc.array(token, { maxLength: 6 }) }), {
      nil: null,
    }),
    sha256: fc.constantFrom(null, 'ab'.repeat(32)),
  })
  .map(({ roots, branch, sha256 }) => {
    const lines = roots.map(({ tokens, promptLength, temperature }, lane): DocumentLine => ({
      name: `1${String.fromCharCode(97 + lane)}`,
      lane,
      parent: null,
      forkedAt: null,
      params: { ...defaultParams(), temperature, logitBias: [{ token: 3, bias: -Infinity }] },
      stream: lane,
      byHand: [],
      promptLength,
      visible: 7,
      reason: 'max-tokens',
      tokens,
    }));
    const parent = lines[0]!;
    if (branch) {
      const at = Math.max(parent.promptLength, Math.min(branch.at, parent.tokens.length));
      const tokens = [...parent.tokens.slice(0, at), ...branch.tokens];
      const byHand = branch.tokens.length > 0 ? [at - parent.promptLength] : [];
      lines.push({ ...parent, name: '1a.1', parent: 0, forkedAt: at, byHand, tokens });
    }
    return {
      model: { name: 'tiny', fileSize: 1_234_567, vocabularySize: 512, sha256 },
      engine: { kind: 'webgpu', adapter: 'SwiftShader' },
      strategy: 'sample',
      lines,
      current: lines.length - 1,
      selected: null,
    };
  });
