/** A beam search as rows of a tree: one row per branch, under the row that it forked from. */
import type { StopReason } from '../../decoding/events.ts';
import type { LineId } from '../../worker/api/worker_api.ts';
import { allTokens, type Line, type TokenView } from '../texts/line.ts';

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
  readonly id: LineId;
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
  lines: readonly Line[],
  lengthPenalty: number,
  winner: number | null = null,
): BeamRow[] {
  const kept = reach(lines, (line) => line.reason !== 'pruned');
  const won = reach(lines, (_, branch) => branch === winner);
  const children = new Map<LineId | null, number[]>();
  lines.forEach((line, branch) => {
    children.set(line.parent, [...(children.get(line.parent) ?? []), branch]);
  });
  const rows: BeamRow[] = [];
  const visit = (branch: number, parent: number | null): void => {
    const line = lines[branch]!;
    const row = rows.length;
    const nodes = nodesOf(line, lengthPenalty, kept.get(line.id) ?? 0, won.get(line.id) ?? 0);
    rows.push({ id: line.id, branch, parent, nodes, reason: line.reason });
    const forks = [...(children.get(line.id) ?? [])];
    forks.sort((a, b) => lines[b]!.forkedAt! - lines[a]!.forkedAt! || a - b);
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
function reach(lines: readonly Line[], wanted: (line: Line, branch: number) => boolean): Map<LineId, number> {
  const byId = new Map(lines.map((line) => [line.id, line]));
  const reached = new Map<LineId, number>();
  lines.forEach((line, branch) => {
    if (!wanted(line, branch)) return;
    let end = line.length - line.promptLength;
    for (let at: Line | undefined = line; at; at = at.parent === null ? undefined : byId.get(at.parent)) {
      reached.set(at.id, Math.max(end, reached.get(at.id) ?? 0));
      end = (at.forkedAt ?? at.promptLength) - at.promptLength;
    }
  });
  return reached;
}

function nodesOf(line: Line, lengthPenalty: number, kept: number, won: number): BeamNode[] {
  const nodes: BeamNode[] = [];
  let total = 0;
  const own = (line.forkedAt ?? line.promptLength) - line.promptLength;
  allTokens(line)
    .slice(line.promptLength)
    .forEach((token, depth) => {
      total += token.rawLogprob;
      const score = total / (depth + 1) ** lengthPenalty;
      if (depth >= own) nodes.push({ depth, token, score, pruned: depth >= kept, winning: depth < won });
    });
  return nodes;
}
