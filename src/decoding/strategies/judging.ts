/** Chooses among several finished outputs. */
import type { Branch } from '../branch.ts';
import type { BestOfScore, BranchId, VoteShare } from '../events.ts';

export interface Verdict {
  readonly winner: BranchId | null;
  readonly ranking: readonly BranchId[];
  readonly votes: readonly VoteShare[];
}

export function byId(branches: readonly Branch[]): Verdict {
  return { winner: null, ranking: branches.map(({ id }) => id), votes: [] };
}

/**
 * Ranks by the score, ties by id. A failed branch comes last and never wins.
 * @param verify puts valid samples first; if null, all count as valid
 */
export async function rankSamples(
  branches: readonly Branch[],
  how: BestOfScore,
  verify: ((text: string) => Promise<boolean>) | null,
): Promise<Verdict> {
  for (const branch of branches) {
    branch.score = scoreOf(branch, how);
    if (verify) branch.valid = await verify(branch.text);
  }
  const standing = (branch: Branch): number =>
    branch.reason === 'error' ? 0 : branch.valid === false ? 1 : 2;
  const ranked = [...branches].sort(
    (a, b) => standing(b) - standing(a) || b.score! - a.score! || a.id - b.id,
  );
  const best = ranked[0];
  return {
    winner: best !== undefined && standing(best) === 2 ? best.id : null,
    ranking: ranked.map(({ id }) => id),
    votes: [],
  };
}

function scoreOf(branch: Branch, { kind }: BestOfScore): number {
  switch (kind) {
    case 'shortest':
      return -branch.text.length;
    case 'longest':
      return branch.text.length;
    default:
      return branch.averageLogprob;
  }
}

/**
 * Majority vote (Wang et al., "Self-consistency", 2022): the most frequent answer wins; on a tie, the one from the lower branch. The
 * winner is the best-scored sample with that answer.
 */
export async function vote(
  branches: readonly Branch[],
  extract: (text: string) => Promise<string | null>,
): Promise<Verdict> {
  const camps = new Map<string, Branch[]>();
  for (const branch of branches) {
    if (branch.reason === 'error') continue;
    branch.answer = await extract(branch.text);
    branch.score = branch.averageLogprob;
    if (branch.answer === null) continue;
    const camp = camps.get(branch.answer);
    if (camp) camp.push(branch);
    else camps.set(branch.answer, [branch]);
  }
  const answered = [...camps.values()].reduce((sum, camp) => sum + camp.length, 0);
  const sorted = [...camps.entries()].sort(([, a], [, b]) => b.length - a.length || a[0]!.id - b[0]!.id);
  const ranking = sorted.flatMap(([, camp]) =>
    [...camp].sort((a, b) => b.averageLogprob - a.averageLogprob || a.id - b.id),
  );
  const silent = branches.filter((branch) => branch.answer === null);
  return {
    winner: ranking[0]?.id ?? null,
    ranking: [...ranking, ...silent].map(({ id }) => id),
    votes: sorted.map(([answer, camp]) => ({
      answer,
      votes: camp.length,
      share: camp.length / answered,
      branches: camp.map(({ id }) => id),
    })),
  };
}
