import { BLOCK_FORMATS, type BlockFormat } from '../../gguf/block_formats.ts';
import type { KernelContext } from '../kernels/context.ts';
import { shapeFor } from '../kernels/variants.ts';
import type { Case, Verdict } from './case.ts';
import { runCases } from './run_cases.ts';
import { caseOf, type Need } from './self_test.ts';

export interface WholeTestRow {
  readonly what: string;
  readonly variants: number;
  readonly verdict: Verdict;
}

/** Tests every kernel and every block format under the variants of `context`, whether or not a loaded model needs it. */
export async function testEverything(
  context: KernelContext,
  onRow: (row: WholeTestRow) => void,
): Promise<void> {
  const alone = shapeFor(context, 1, 'decode');
  const shapes = new Set([
    ...[1, 2, 4, 16].map((rows) => shapeFor(context, rows, 'decode')),
    shapeFor(context, 128, 'prefill'),
  ]);
  const product = { kind: 'product', epilogue: 'store', bias: false, over: 'rows', wide: false } as const;
  const needs: Need[] = [
    { kind: 'halves' },
    { kind: 'summary' },
    { kind: 'norm', layer: false, over: 'rows' },
    { kind: 'norm', layer: true, over: 'rows' },
    ...(['pairs', 'halves', 'none'] as const).map((rope): Need => ({
      kind: 'attention',
      headDim: 64,
      rope,
      rotary: rope === 'none' ? 0 : 64,
      qkNorm: rope === 'halves',
    })),
    ...(Object.keys(BLOCK_FORMATS) as BlockFormat[]).flatMap((format): Need[] => [
      { kind: 'embedding', format, by: 'token' },
      ...[...shapes].map((shape): Need => ({ ...product, format, shape, alone })),
    ]),
  ];
  const byWhat = new Map<string, Case[]>();
  for (const test of needs.map(caseOf)) byWhat.set(test.what, [...(byWhat.get(test.what) ?? []), test]);
  for (const [what, cases] of byWhat) {
    const verdicts = await runCases(context, cases);
    const verdict = verdicts.find((one) => one !== 'right') ?? 'right';
    onRow({ what, variants: cases.length, verdict });
  }
}
