/** Cases for the kernels other than products and attention: embeddings, norms, summaries, halves. */
import { BLOCK_FORMATS, type BlockFormat } from '../../gguf/block_formats.ts';
import { halfToFloat, repackRows } from '../../gguf/repack.ts';
import { paddedWidth } from '../kernels/context.ts';
import { embed } from '../kernels/embed.ts';
import { decodeHalves, HALVES } from '../kernels/halves.ts';
import { logitSummary, SUMMARY_WORDS, summaryWords } from '../kernels/logit_summary.ts';
import { createMatrix, writeRows } from '../kernels/matrix.ts';
import { norm } from '../kernels/norm.ts';
import { allNear, batchOf, type Case, randomNumbers } from './case.ts';
import { dequantise } from './plain_blocks.ts';
import { randomBlocks } from './random_blocks.ts';

export type SmallNeed =
  | { readonly kind: 'embedding'; readonly format: BlockFormat; readonly by: 'token' | 'position' }
  | { readonly kind: 'norm'; readonly layer: boolean; readonly over: 'rows' | 'outputs' }
  | { readonly kind: 'summary' }
  | { readonly kind: 'halves' };

export function smallCase(need: SmallNeed): Case {
  if (need.kind === 'embedding') return embeddingCase(need.format, need.by);
  if (need.kind === 'norm') return normCase(need.layer, need.over);
  return need.kind === 'summary' ? summaryCase : halvesCase;
}

const ENTRIES = [3, 0, 4];

function embeddingCase(format: BlockFormat, by: 'token' | 'position'): Case {
  return {
    name: `embedding ${format} ${by}`,
    what: `embeddings in ${format}`,
    async prepare(context) {
      const columns = BLOCK_FORMATS[format].elements === 256 ? 512 : 96;
      const xStride = paddedWidth(columns);
      const file = randomBlocks(format, 5, columns, 1, 3);
      const matrix = createMatrix(context, { label: format, format, rows: 5, columns });
      writeRows(context.device, matrix, 0, 0, repackRows(format, file, 5, columns));
      const before = randomNumbers(2, ENTRIES.length * xStride);
      const x = context.buffers.floats('scratch:x', before);
      const batch = batchOf(
        context,
        ENTRIES.map((entry) => ({ token: entry, position: entry, table: 0 })),
      );
      return {
        plans: [
          { dispatches: await embed(context, { matrix, batch, x, xStride, by }), rows: ENTRIES.length },
        ],
        results: [x],
        judge([after]) {
          const weights = dequantise(format, file);
          const right = ENTRIES.every((entry, i) => {
            const row = weights.subarray(entry * columns, (entry + 1) * columns);
            const old = before.subarray(i * xStride, i * xStride + columns);
            const expected = by === 'token' ? row : row.map((w, k) => w + old[k]!);
            const largest = expected.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
            return allNear(after!.subarray(i * xStride), expected, 1e-6 * largest);
          });
          return right ? 'right' : 'wrong';
        },
      };
    },
  };
}

const ROWS = 3;
const OUTPUTS = [2, 0];
const WIDTH = 100;
const EPSILON = 1e-5;

function normCase(layer: boolean, over: 'rows' | 'outputs'): Case {
  return {
    name: `norm ${layer ? 'layer' : 'rms'} ${over}`,
    what: 'norms',
    async prepare(context) {
      const { buffers } = context;
      const stride = paddedWidth(WIDTH);
      const x = randomNumbers(1, ROWS * stride);
      for (let row = 0; row < ROWS; row++) x.fill(0, row * stride + WIDTH, (row + 1) * stride);
      const weight = randomNumbers(2, stride);
      const bias = layer ? randomNumbers(3, stride) : null;
      const y = buffers.storage('scratch:y', x.byteLength);
      const rows = Array.from({ length: ROWS }, () => ({ token: 0, position: 0, table: 0 }));
      const dispatch = await norm(context, {
        label: 'self-test',
        weights: {
          weight: buffers.floats('scratch:weight', weight),
          bias: bias && buffers.floats('scratch:bias', bias),
        },
        ...{ width: WIDTH, epsilon: EPSILON, y, over },
        batch: batchOf(context, rows, OUTPUTS),
        x: buffers.floats('scratch:x', x),
      });
      return {
        plans: [{ dispatches: [dispatch], rows: ROWS, outputs: OUTPUTS.length }],
        results: [y],
        judge([after]) {
          const wanted = over === 'rows' ? [0, 1, 2] : OUTPUTS;
          const right = wanted.every((from, i) => {
            const row = Float64Array.from(x.subarray(from * stride, from * stride + WIDTH));
            const mean = layer ? row.reduce((sum, v) => sum + v, 0) / WIDTH : 0;
            const square = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / WIDTH;
            const expected = row.map(
              (v, k) => ((v - mean) / Math.sqrt(square + EPSILON)) * weight[k]! + (bias?.[k] ?? 0),
            );
            return allNear(after!.subarray(i * stride), expected, 2e-5);
          });
          return right ? 'right' : 'wrong';
        },
      };
    },
  };
}

const VOCABULARY = 300;

const summaryCase: Case = {
  name: 'summary',
  what: 'summaries of logits',
  async prepare(context) {
    const { buffers } = context;
    const logits = randomNumbers(1, 2 * VOCABULARY).map((v) => 12 * v);
    const next = [7, undefined];
    const out = buffers.storage('scratch:out', 2 * SUMMARY_WORDS * 4);
    const rows = next.map((token) => ({ token: 0, position: 0, table: 0, next: token }));
    const dispatch = await logitSummary(context, {
      batch: batchOf(context, rows, [0, 1]),
      logits: buffers.floats('scratch:logits', logits),
      ...{ out, vocabularySize: VOCABULARY },
    });
    return {
      plans: [{ dispatches: [dispatch], rows: 2, outputs: 2 }],
      results: [out],
      judge([after]) {
        const right = next.every((token, i) => {
          const expected = summaryWords(logits.subarray(i * VOCABULARY, (i + 1) * VOCABULARY), token);
          const words = after!.subarray(i * SUMMARY_WORDS, (i + 1) * SUMMARY_WORDS);
          const [mine, theirs] = [expected, words.slice()].map((row) => new Uint32Array(row.buffer));
          return theirs!.every((word, k) =>
            // Integers and logits are exact, sums are close. Words 5 to 7 are spare; words 3 and 4 have no meaning without a token.
            k < 3
              ? Math.abs(words[k]! - expected[k]!) < 1e-4
              : k < 8
                ? k > 4 || token === undefined || word === mine![k]
                : word === mine![k],
          );
        });
        return right ? 'right' : 'wrong';
      },
    };
  },
};

const halvesCase: Case = {
  name: 'halves',
  what: 'halves below 0.00006',
  async prepare(context) {
    const out = context.buffers.storage('scratch:halves', HALVES * 4);
    return {
      plans: [{ dispatches: [await decodeHalves(context, out)], rows: 1 }],
      results: [out],
      judge([values]) {
        for (let bits = 0; bits < HALVES; bits++) {
          // A weight is never infinite or NaN, and WGSL promises nothing about them.
          if ((bits & 0x7c00) !== 0x7c00 && values![bits] !== halfToFloat(bits)) return 'wrong';
        }
        return 'right';
      },
    };
  },
};
