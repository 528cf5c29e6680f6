/** Converts a comparison on the page to its part of a record, and chooses which of its texts the record has. */
import type { RunResult } from '../../decoding/events.ts';
import type { Comparison } from '../compare/state.svelte.ts';
import type { PageText } from '../texts/text.ts';
import type { DocumentComparison, DocumentOutcome } from './comparison_schema.ts';
import { maxTexts, recordedNats } from './bounds.ts';

/**
 * The texts of a comparison that a record has room for. Of a long beam search these are the beams that ended, the branches that they
 * grew from, and then the newest pruned ones.
 */
export function recordedTexts({ texts, strategy }: Comparison): readonly PageText[] {
  if (strategy.kind !== 'beam' || texts.length <= maxTexts) return texts.slice(0, maxTexts);
  const byId = new Map(texts.map((text) => [text.id, text]));
  const taken = new Set<PageText>();
  const ancestry = (text: PageText): PageText[] => {
    const parent = text.parent === null ? undefined : byId.get(text.parent);
    return parent ? [...ancestry(parent), text] : [text];
  };
  const wanted = [
    ...texts.filter(({ reason }) => reason !== 'pruned'),
    ...texts.filter(({ reason }) => reason === 'pruned').reverse(),
  ];
  for (const text of wanted) {
    const missing = ancestry(text).filter((ancestor) => !taken.has(ancestor));
    if (taken.size + missing.length <= maxTexts) missing.forEach((ancestor) => taken.add(ancestor));
  }
  return texts.filter((text) => taken.has(text));
}

/** @param recorded result of `recordedLines` */
export function documentComparison(
  comparison: Comparison,
  recorded: readonly PageText[],
): DocumentComparison {
  const { strategy, params, patches, sharedLuck, stop, usage, result, greedy } = comparison;
  return {
    strategy,
    params,
    lanes: patches,
    sharedLuck,
    stop,
    usage,
    outcome:
      result &&
      documentOutcome(
        result,
        recorded.map((text) => comparison.texts.indexOf(text)),
      ),
    greedy: greedy && { text: greedy.text, tokens: greedy.tokens, totalLogprob: greedy.totalLogprob },
  };
}

/**
 * Names texts by their index in the record instead of their branch number, and leaves out those that the record lacks.
 * @param numbers the branch number of each text of the record
 */
export function documentOutcome(
  { winner, ranking, votes, branches, timing }: RunResult,
  numbers: readonly number[],
): DocumentOutcome {
  const indexOf = new Map(numbers.map((branch, index) => [branch, index]));
  const kept = (numbers: readonly number[]): number[] =>
    numbers.flatMap((branch) => {
      const index = indexOf.get(branch);
      return index === undefined ? [] : [index];
    });
  return {
    winner: winner === null ? null : (indexOf.get(winner) ?? null),
    ranking: kept(ranking),
    votes: votes.map(({ answer, branches: voters }) => ({ answer, branches: kept(voters) })),
    judgements: numbers.map((number) => {
      const branch = branches[number];
      const { score = null, valid = null, answer = null } = branch ?? {};
      return { score: score === null ? null : recordedNats(score), valid, answer };
    }),
    timing,
  };
}
