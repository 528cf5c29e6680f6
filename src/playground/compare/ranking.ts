/** The one table of a comparison: its lanes in order, or the texts of a strategy as it ranks them. */
import type { BranchResult, Strategy, VoteShare } from '../../decoding/events.ts';
import { laneFigures, type LaneFigures } from './lane_figures.ts';
import type { Comparison } from './state.svelte.ts';
import { whyLost } from './why_lost.ts';

export interface RankedText {
  /** Index among the comparison's texts. */
  readonly lane: number;
  /** From one; null before the texts are judged, and for lanes, which are not. */
  readonly rank: number | null;
  readonly won: boolean;
  readonly figures: LaneFigures;
  readonly judged: BranchResult | null;
  /** What a vote counted it for; null if it gave no answer. */
  readonly vote: VoteShare | null;
  /** Why it is not the first, in a few words. */
  readonly note: string;
}

/** What the table is called on the page. */
export const rankingTitles: Readonly<Record<Strategy['kind'], string>> = {
  sample: 'Lanes in numbers',
  greedy: 'Lanes in numbers',
  'best-of-n': 'Ranking',
  'majority-vote': 'Vote',
  'first-valid': 'Race',
  beam: 'Beams and greedy decoding',
};

/** Beams that were pruned have no place in it. */
export function rankingOf({
  texts,
  strategy,
  result,
}: Pick<Comparison, 'texts' | 'strategy' | 'result'>): RankedText[] {
  const judged = strategy.kind === 'sample' || strategy.kind === 'greedy' ? null : result;
  const beams = strategy.kind === 'beam';
  const best = judged?.branches.find(({ branch }) => branch === judged.winner) ?? null;
  const order = judged?.ranking ?? (beams ? [] : texts.map((_, lane) => lane));
  const rows = order.flatMap((lane): RankedText[] => {
    const text = texts[lane];
    const branch = judged?.branches[lane] ?? null;
    if (!text || (beams && branch?.reason === 'pruned')) return [];
    const won = judged !== null && lane === judged.winner;
    const vote = judged?.votes.find(({ branches }) => branches.includes(lane)) ?? null;
    const note = branch && !won ? noteOn(branch, best, strategy) : '';
    return [{ lane, rank: null, won, figures: laneFigures(text), judged: branch, vote, note }];
  });
  return rows.map((row, index) => (hasRank(row, strategy) ? { ...row, rank: index + 1 } : row));
}

/** A race has a winner and no order behind it, and a vote does not count a sample without an answer. */
function hasRank({ judged, won, vote }: RankedText, strategy: Strategy): boolean {
  if (strategy.kind === 'first-valid') return won;
  return judged !== null && (strategy.kind !== 'majority-vote' || vote !== null);
}

function noteOn(judged: BranchResult, best: BranchResult | null, strategy: Strategy): string {
  if (strategy.kind === 'best-of-n') return whyLost(judged, best, strategy.score);
  if (strategy.kind !== 'first-valid') return '';
  if (judged.reason === 'lost-race') return 'another was first';
  return judged.valid === false ? 'not valid' : '';
}
