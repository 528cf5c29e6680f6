import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import { activeGrammar, type SamplingParams } from '../../sampling/params.ts';
import { tryGrammar, type ReadyGrammar } from './compile.ts';

export type Masks = readonly (Int32Array | null)[];

/**
 * What the parameters' grammar allowed along a text, for each output index from `from` to the length of `outputs`, inclusive. Empty
 * if there is no usable grammar. An entry is null if the text had left the grammar, or was at a dead end.
 * @param outputs tokens after the prompt
 */
export async function masksAlong(
  params: SamplingParams,
  tokenizer: Tokenizer,
  outputs: readonly TokenId[],
  from = 0,
): Promise<Masks> {
  const grammar = activeGrammar(params);
  if (!grammar) return [];
  const outcome = await tryGrammar(grammar, tokenizer);
  if ('problem' in outcome) return [];
  const key = `${from}:${outputs.join()}:${grammar.kind}:${grammar.source}`;
  if (last?.key !== key || last.tokenizer !== tokenizer) {
    const masks = masksOf(outcome.ready, outputs, from);
    last = { key, tokenizer, masks };
    masks.catch(() => (last = null));
  }
  return last.masks;
}

/** The last answer is cached: a slider asks for the same text again and again. */
let last: { readonly key: string; readonly tokenizer: Tokenizer; readonly masks: Promise<Masks> } | null =
  null;

async function masksOf(grammar: ReadyGrammar, outputs: readonly TokenId[], from: number): Promise<Masks> {
  const constraint = grammar.constraint();
  const masks: (Int32Array | null)[] = [];
  try {
    for (let index = 0; index <= outputs.length; index++) {
      const mask = index >= from ? await constraint.allowed() : null;
      // If nothing is allowed, no distribution is left to show, so the page shows the raw one.
      if (index >= from) masks.push(mask?.some((word) => word !== 0) ? mask : null);
      if (index < outputs.length) constraint.accept(outputs[index]!);
    }
  } finally {
    constraint.release();
  }
  return masks;
}
