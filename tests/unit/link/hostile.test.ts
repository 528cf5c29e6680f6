import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { readFragment, writeFragment } from '../../../src/playground/link/fragment.ts';
import { PackedTextError } from '../../../src/playground/record/deflate.ts';
import { settingsSchema } from '../../../src/playground/settings_schema.ts';
import { packRecord, unpackRecord } from '../../../src/playground/record/unpack.ts';
import { safeParse } from 'valibot';
import { arbitraryRecord } from './arbitrary_record.ts';
import { arbitrarySettings } from './arbitrary_settings.ts';

afterEach(() => void vi.unstubAllGlobals());

const seeds = fc.sample(fc.tuple(arbitrarySettings, arbitraryRecord), { numRuns: 40, seed: 11 });
const whole = await Promise.all(
  seeds.map(async ([settings, record]) => writeFragment(settings, await packRecord(record, 3, settings))),
);

const character = fc.constantFrom(...'&=%+#;,.:-_/\\<>"\'{}[]0123456789abcXYZ \u0000\u202e\ud800é😀');
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '%',
    '%e2%82',
    '%zz',
    'v=',
    'r=',
    'NaN',
    '1e999',
    '-0',
    'lanes=9999999',
    '<img src=x onerror=1>',
  ),
  fc.constantFrom(
    '__proto__=1',
    'constructor=x',
    'order.2=',
    'order.99=top_k',
    't=;;;,,,',
    ',,,,,,,,,,,,,,,,,,,,,,',
  ),
);

/** A good link with a few of its characters replaced, dropped, doubled or cut. */
const mutated = fc
  .tuple(
    fc.constantFrom(...whole),
    fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(4), character, piece),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
  )
  .map(([link, edits]) =>
    edits.reduce((text, [where, kind, letter, more]) => {
      const at = Math.floor(where * text.length);
      if (kind === 0) return text.slice(0, at) + letter + text.slice(at + 1);
      if (kind === 1) return text.slice(0, at) + text.slice(at + 1 + (at % 9));
      if (kind === 2) return text.slice(0, at) + more + text.slice(at);
      if (kind === 3) return text.slice(0, at) + text.slice(Math.floor(at / 2));
      return text.slice(0, Math.max(2, at));
    }, link),
  );

const random = fc.oneof(
  fc.array(piece, { maxLength: 20 }).map((parts) => `v=1&${parts.join('&')}`),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.base64String({ maxLength: 400 }).map((text) => `v=1&r=${text}`),
);

/** Milliseconds that a fragment takes. Repeats a slow one, because only a real problem is slow every time. */
async function timeOf(fragment: string): Promise<number> {
  let best = Infinity;
  for (let attempt = 0; attempt < 5 && best >= 100; attempt++) {
    const started = performance.now();
    await read(fragment);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

/** Reads a fragment as the page does. */
async function read(fragment: string): Promise<void> {
  const link = readFragment(fragment);
  if (link === null) return;
  expect(safeParse(settingsSchema, link.settings).success).toBe(true);
  expect(Object.getPrototypeOf(link.settings.params)).toBe(Object.prototype);
  if (link.packed === null) return;
  await unpackRecord(link.packed).catch((error: unknown) => {
    if (!(error instanceof PackedTextError)) throw error;
  });
}

test.each([
  ['mutated', mutated],
  ['random', random],
])(
  '10,000 %s fragments: valid settings, typed errors, no request, none over 100 ms',
  async (_, arbitrary) => {
    const fetched = vi.fn();
    vi.stubGlobal('fetch', fetched);
    vi.stubGlobal('XMLHttpRequest', fetched);
    vi.stubGlobal('WebSocket', fetched);
    let slowest = 0;
    await fc.assert(
      fc.asyncProperty(arbitrary, async (fragment) => {
        slowest = Math.max(slowest, await timeOf(fragment));
      }),
      { numRuns: 10_000 },
    );
    expect(fetched).not.toHaveBeenCalled();
    expect(slowest).toBeLessThan(100);
  },
  120_000,
);

test.each([
  ['200,000 ampersands', `v=1&${'&'.repeat(199_000)}`],
  ['200,000 escapes', `v=1&prompt=${'%E2'.repeat(66_000)}`],
  ['a list of 100,000 lanes', `v=1&t=${'1,'.repeat(99_000)}`],
  ['90,000 keys', `v=1&${'a&'.repeat(90_000)}`],
  ['90,000 biases', `v=1&logit_bias=${'1:2,'.repeat(49_000)}`],
  ['megabytes', `v=1&prompt=${'x'.repeat(5_000_000)}`],
])('%s are read in 100 ms', async (_, fragment) => {
  expect(await timeOf(fragment)).toBeLessThan(100);
});
