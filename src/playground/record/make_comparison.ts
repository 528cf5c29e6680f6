/** Converts a comparison on the page to its part of a record, and chooses which of its texts the record has. */
import type { RunResult } from '../../decoding/events.ts';
import type { Comparison } from '../compare/state.svelte.ts';
import type { Line } from '../texts/line.ts';
import type { DocumentComparison, DocumentOutcome } from './comparison_schema.ts';
import { maxLines, recordedNats } from './bounds.ts';

/**
 * The texts of a comparison that a record has room for. Of a long beam search these are the beams that ended, the branches that they
 * grew from, and then the newest pruned ones.
 */
export function recordedLines({ lines, strategy }: Comparison): readonly Line[] {
  if (strategy.kind !== 'beam' || lines.length <= maxLines) return lines.slice(0, maxLines);
  const byId = new Map(lines.map((line) => [line.id, line]));
  const taken = new Set<Line>();
  const ancestry = (line: Line): Line[] => {
    const parent = line.parent === null ? undefined : byId.get(line.parent);
    return parent ? [...ancestry(parent), line] : [line];
  };
  const wanted = [
    ...lines.filter(({ reason }) => reason !== 'pruned'),
    ...lines.filter(({ reason }) => reason === 'pruned').reverse(),
  ];
  for (const line of wanted) {
    const missing = ancestry(line).filter((ancestor) => !taken.has(ancestor));
    if (taken.size + missing.length <= maxLines) missing.forEach((ancestor) => taken.add(ancestor));
  }
  return lines.filter((line) => taken.has(line));
}

/** @param recorded result of `recordedLines` */
export function documentComparison(comparison: Comparison, recorded: readonly Line[]): DocumentComparison {
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
        recorded.map((line) => comparison.lines.indexOf(line)),
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
