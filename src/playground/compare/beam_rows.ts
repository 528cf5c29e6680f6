/** A beam search as rows of a tree: one row per branch, under the row that it forked from. */
import type { StopReason } from '../../decoding/events.ts';
import type { TextId } from '../../worker/api/worker_api.ts';
import { allTokens, type PageText, type TokenView } from '../texts/text.ts';

export interface BeamNode {
  /** Output index. */
  readonly depth: number;
  readonly token: TokenView;
  /** Sum of raw logprobs up to and with this token, over length^penalty. */
  readonly score: number;
  /** Whether only pruned beams go through it. */
  readonly pruned: boolean;
  /** Whether the winning beam goes through it. */
  readonly winning: boolean;
}

export interface BeamRow {
  readonly id: TextId;
  /** Index among the comparison's texts. */
  readonly branch: number;
  /** The row that it forked from; null for the first. */
  readonly parent: number | null;
  /** The tokens that it does not share with its parent. */
  readonly nodes: readonly BeamNode[];
  readonly reason: StopReason | null;
}

/** Depth first. Children that forked later along a row come first, so that no edges cross. */
export function beamRows(
  texts: readonly PageText[],
  lengthPenalty: number,
  winner: number | null = null,
): BeamRow[] {
  const kept = reach(texts, (text) => text.reason !== 'pruned');
  const won = reach(texts, (_, branch) => branch === winner);
  const children = new Map<TextId | null, number[]>();
  texts.forEach((text, branch) => {
    children.set(text.parent, [...(children.get(text.parent) ?? []), branch]);
  });
  const rows: BeamRow[] = [];
  const visit = (branch: number, parent: number | null): void => {
    const text = texts[branch]!;
    const row = rows.length;
    const nodes = nodesOf(text, lengthPenalty, kept.get(text.id) ?? 0, won.get(text.id) ?? 0);
    rows.push({ id: text.id, branch, parent, nodes, reason: text.reason });
    const forks = [...(children.get(text.id) ?? [])];
    forks.sort((a, b) => texts[b]!.forkedAt! - texts[a]!.forkedAt! || a - b);
    for (const fork of forks) visit(fork, row);
  };
  for (const root of children.get(null) ?? []) visit(root, null);
  return rows;
}

/** Removes the nodes that only pruned beams went through, and the rows that have no others. */
export function unprunedRows(rows: readonly BeamRow[]): BeamRow[] {
  return rows
    .map((row) => ({ ...row, nodes: row.nodes.filter(({ pruned }) => !pruned) }))
    .filter(({ nodes }) => nodes.length > 0);
}

/** For each text: how many of its output tokens also belong to a wanted text. */
function reach(
  texts: readonly PageText[],
  wanted: (text: PageText, branch: number) => boolean,
): Map<TextId, number> {
  const byId = new Map(texts.map((text) => [text.id, text]));
  const reached = new Map<TextId, number>();
  texts.forEach((text, branch) => {
    if (!wanted(text, branch)) return;
    let end = text.length - text.promptLength;
    for (let at: PageText | undefined = text; at; at = at.parent === null ? undefined : byId.get(at.parent)) {
      reached.set(at.id, Math.max(end, reached.get(at.id) ?? 0));
      end = (at.forkedAt ?? at.promptLength) - at.promptLength;
    }
  });
  return reached;
}

function nodesOf(text: PageText, lengthPenalty: number, kept: number, won: number): BeamNode[] {
  const nodes: BeamNode[] = [];
  let total = 0;
  const own = (text.forkedAt ?? text.promptLength) - text.promptLength;
  allTokens(text)
    .slice(text.promptLength)
    .forEach((token, depth) => {
      total += token.rawLogprob;
      const score = total / (depth + 1) ** lengthPenalty;
      if (depth >= own) nodes.push({ depth, token, score, pruned: depth >= kept, winning: depth < won });
    });
  return nodes;
}
