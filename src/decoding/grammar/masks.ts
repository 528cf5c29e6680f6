import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import type { Grammar, SamplingParams } from '../../sampling/params.ts';
import { tryGrammar, type ReadyGrammar } from './compile.ts';

export type Masks = readonly (Int32Array | null)[];

/** The grammar that a chain holds its text to; null where there is none, or its stage is switched off. */
export function activeGrammar({ grammar, order, off }: SamplingParams): Grammar | null {
  return order.includes('grammar') && !off.includes('grammar') ? grammar : null;
}

/**
 * What the parameters' grammar allowed along a text: for each output index from `from` to the length of `outputs`, that one
 * included. Empty where there is none, or none that can be used; an entry is null where the text had left it.
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
  return 'problem' in outcome ? [] : masksOf(outcome.ready, outputs, from);
}

async function masksOf(grammar: ReadyGrammar, outputs: readonly TokenId[], from: number): Promise<Masks> {
  const constraint = grammar.constraint();
  const masks: (Int32Array | null)[] = [];
  try {
    for (let index = 0; index <= outputs.length; index++) {
      if (index >= from) masks.push(await constraint.allowed());
      if (index < outputs.length) constraint.accept(outputs[index]!);
    }
  } finally {
    constraint.release();
  }
  return masks;
}

/** Whether a text may end here, as its grammar sees it: one of the tokens that end a generation is allowed. */
export function mayEnd(mask: Int32Array | null | undefined, tokenizer: Tokenizer): boolean {
  if (!mask) return false;
  return [...tokenizer.endOfGeneration].some((token) => ((mask[token >>> 5]! >>> (token & 31)) & 1) === 1);
}
