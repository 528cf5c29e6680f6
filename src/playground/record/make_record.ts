/** From the texts on the page to a record of them. */
import type { StepView } from '../../worker/views.ts';
import type { LineEvidence } from '../../worker/api.ts';
import { worker } from '../connection.ts';
import { allTokens, type Line, type TokenView } from '../line.ts';
import { playground, type Recorded } from '../state.svelte.ts';
import type { DocumentCandidate, DocumentLine, DocumentModel, DocumentToken, RunRecord } from './document.ts';

/** What is known of each position's candidates, from the worker or from an earlier record. */
interface Known {
  readonly top: (position: number) => readonly DocumentCandidate[];
  readonly byHand: readonly number[];
  readonly stream: number;
}

/**
 * @param lines parents before their branches, as the page keeps them; at least one
 * @param depth candidates of each step
 */
export async function makeRecord(
  lines: readonly Line[],
  depth: number,
  strategy: RunRecord['strategy'] = 'sample',
): Promise<RunRecord> {
  const documents: DocumentLine[] = [];
  for (const line of lines) documents.push(documentLine(line, lines, await knownOf(line, depth)));
  const current = Math.max(
    0,
    lines.findIndex(({ id }) => id === playground.current),
  );
  const { selected, engine } = playground;
  const recorded = playground.recorded.find(({ line }) => line === lines[current]!.id);
  const here = engine.phase === 'ready' ? engine.summary : null;
  const foreign = recorded && recorded.state === 'recorded' ? recorded : null;
  return {
    model: foreign ? { sha256: null, ...foreign.model } : await modelHere(),
    engine:
      here && !foreign
        ? { kind: here.kind, adapter: here.description.adapter }
        : { kind: 'unknown', adapter: '' },
    strategy,
    lines: documents,
    current,
    selected: selected !== null && selected <= lines[current]!.length ? selected : null,
  };
}

async function modelHere(): Promise<DocumentModel> {
  if (playground.engine.phase !== 'ready') {
    return { name: 'unknown', fileSize: 0, vocabularySize: 0, sha256: null };
  }
  const { name, fileSize, vocabularySize } = playground.engine.summary.model;
  const catalogue = await worker().models();
  const entry = catalogue.find(({ id, size }) => id === playground.settings.model && size === fileSize);
  return { name, fileSize, vocabularySize, sha256: entry?.sha256 ?? null };
}

async function knownOf(line: Line, depth: number): Promise<Known> {
  const recorded = playground.recorded.find((entry) => entry.line === line.id);
  if (recorded?.state === 'recorded') return fromRecorded(recorded, depth);
  const evidence =
    playground.engine.phase === 'ready' && line.length > line.promptLength
      ? await worker().evidence(line.id, line.params, depth)
      : null;
  return evidence ? fromEvidence(evidence, line.promptLength) : { top: () => [], byHand: [], stream: 0 };
}

function fromEvidence(evidence: LineEvidence, promptLength: number): Known {
  const { depth, tokens, rawLogprob, finalLogprob, labels, byHand, stream } = evidence;
  const top = (position: number): DocumentCandidate[] => {
    const from = (position - promptLength) * depth;
    if (position < promptLength) return [];
    return Array.from(tokens.subarray(from, from + depth), (id, index) => ({
      id,
      label: labels.get(id) ?? String(id),
      rawLogprob: rawLogprob[from + index]!,
      finalLogprob: orNull(finalLogprob[from + index]!),
    }));
  };
  return { top, byHand, stream };
}

function fromRecorded({ view, byHand, stream }: Recorded, depth: number): Known {
  const top = (position: number): DocumentCandidate[] =>
    view(position)?.rows.slice(0, depth).map(candidateOf) ?? [];
  return { top, byHand, stream };
}

function candidateOf({ token, label, rawLogprob, final }: StepView['rows'][number]): DocumentCandidate {
  return { id: token, label, rawLogprob, finalLogprob: orNull(Math.log(final)) };
}

function documentLine(line: Line, lines: readonly Line[], known: Known): DocumentLine {
  const parent = lines.findIndex(({ id }) => id === line.parent);
  const outputs = line.length - line.promptLength;
  return {
    name: line.name,
    lane: line.lane,
    parent: parent < 0 ? null : parent,
    forkedAt: parent < 0 ? null : line.forkedAt,
    params: line.params,
    stream: known.stream,
    byHand: known.byHand.filter((output) => output < outputs),
    promptLength: line.promptLength,
    visible: line.visible,
    // A record of a text that still grows is a record of a stopped one.
    reason: line.reason ?? 'stopped',
    tokens: allTokens(line).map((token, position) => documentToken(token, known.top(position))),
  };
}

function documentToken(token: TokenView, top: readonly DocumentCandidate[]): DocumentToken {
  return {
    id: token.token,
    text: token.piece,
    label: token.label,
    kind: token.kind,
    rawLogprob: orNull(token.rawLogprob),
    finalLogprob: orNull(token.finalLogprob),
    rank: orNull(token.rank),
    entropy: orNull(token.entropy),
    finalEntropy: orNull(token.finalEntropy),
    kept: orNull(token.kept),
    top,
  };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
