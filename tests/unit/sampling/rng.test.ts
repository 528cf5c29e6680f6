import { describe, expect, test } from 'vitest';
import { philox, uniform } from '../../../src/sampling/rng.ts';

describe('Philox4x32-10', () => {
  // Known-answer vectors published with Random123 (file kat_vectors).
  const vectors: [string, [number, number, number, number], [number, number], number[]][] = [
    ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [
      'ones',
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      'digits of π',
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  test.each(vectors)('%s', (_, counter, key, expected) => {
    expect(philox(counter, key)).toEqual(expected);
  });

  /** The same rounds in arbitrary precision, written from the paper. */
  function exact(counter: bigint[], key: bigint[]): number[] {
    const word = 0xffffffffn;
    let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint];
    let [k0, k1] = key as [bigint, bigint];
    for (let round = 0; round < 10; round++) {
      const p0 = 0xd2511f53n * c0;
      const p1 = 0xcd9e8d57n * c2;
      [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & word, (p0 >> 32n) ^ c3 ^ k1, p0 & word];
      [k0, k1] = [(k0 + 0x9e3779b9n) & word, (k1 + 0xbb67ae85n) & word];
    }
    return [c0, c1, c2, c3].map(Number);
  }

  test('agrees with arbitrary precision at 500 positions', () => {
    for (let i = 0; i < 500; i++) {
      const [a, b, c, d] = philox([i, 7, 0, i * 31], [i * 977, 3]);
      const next = philox([a, b, c, d], [b, c]);
      expect(next).toEqual(exact([a, b, c, d].map(BigInt), [b, c].map(BigInt)));
    }
  });
});

describe('u(seed, position, stream)', () => {
  test('matches its reference vectors: the documented words in arbitrary precision', () => {
    for (const [seed, position, stream] of [
      [0, 0, 0],
      [42, 17, 0],
      [4294967295, 4096, 15],
      [2 ** 40 + 5, 1, 3],
    ] as const) {
      const key: [number, number] = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
      for (const [purpose, offset] of [
        ['draw', 0],
        ['xtc', 1],
      ] as const) {
        const [w0, w1] = philox([position, 2 * stream + offset, 0, 0], key);
        const bits = ((BigInt(w0) >> 5n) << 26n) | (BigInt(w1) >> 6n);
        expect(uniform(seed, position, stream, purpose)).toBe(Number(bits) / 2 ** 53);
      }
    }
  });

  test('has fixed values, so that old links replay for ever', () => {
    expect([uniform(0, 0, 0), uniform(42, 17, 0), uniform(42, 17, 1), uniform(42, 17, 0, 'xtc')]).toEqual([
      0.39904647231489565, 0.09665618441523527, 0.1260372658523612, 0.9224655112007202,
    ]);
  });

  test('is uniform over positions, streams and seeds (chi-square of 20 bins at 0.001)', () => {
    const places: ((i: number) => number)[] = [
      (i) => uniform(7, i, 0),
      (i) => uniform(7, 3, i),
      (i) => uniform(i, 3, 0),
      (i) => uniform(7, i, 0, 'xtc'),
    ];
    for (const at of places) {
      const bins = new Array<number>(20).fill(0);
      for (let i = 0; i < 20_000; i++) bins[Math.floor(at(i) * 20)]!++;
      const chi = bins.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
      expect(chi).toBeLessThan(43.82);
    }
  });
});
