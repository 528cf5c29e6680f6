/** Saves what two engines made of one prompt: both texts, and the distances of their distributions at each token of the first. */
import { agreementOf, firstParting } from '../across/agreement.ts';
import type { Duel } from '../across/state.svelte.ts';
import { recordedNats } from '../record/bounds.ts';
import { documentChecksum } from '../record/checksum.ts';
import type { DocumentText } from '../record/document.ts';
import { documentText, type Known } from '../record/document_text.ts';
import { jsonOf } from '../record/json.ts';
import { titleOf } from '../record/make_document.ts';
import { toCsv, type Column, type Row } from './csv.ts';
import { exportFormats, fileName } from './exchange_actions.ts';

export const duelFormat = 'logitscope-duel';
const duelVersion = 1;

/** @returns the file, ready to be saved */
export function exportDuel(kind: 'json' | 'csv', duel: Duel): File {
  const content = kind === 'json' ? jsonOf(duelDocument(duel), 1) : duelCsv(duel);
  const { type } = exportFormats[kind];
  const extension = kind === 'json' ? 'duel.json' : 'duel.csv';
  return new File([content], `${fileName(titleOf(duel.texts[0]))}.${extension}`, { type });
}

/** The texts in the shape of the run document. Candidates are not asked for, since the distances say more. */
function documentTexts({ texts }: Duel): DocumentText[] {
  return texts.map((text) => {
    const known: Known = { top: () => [], byHand: text.byHand ?? [], stream: text.stream ?? 0 };
    return documentText(text, [text], known, 'sample');
  });
}

/** One output position of the first text, by both engines. */
function distanceAt({ distances }: Duel, output: number) {
  if (!distances || output < 0 || output >= distances.kl.length) return null;
  const top = (id: number) => ({ id, label: distances.labels.get(id) ?? '' });
  return {
    output: output + 1,
    /** Null where it is infinite: B excludes a token that A may draw. */
    kl: recordedNats(distances.kl[output]!),
    totalVariation: distances.totalVariation[output]!,
    rawLogprobA: recordedNats(distances.firstLogprob[output]!),
    rawLogprobB: recordedNats(distances.secondLogprob[output]!),
    mostLikelyA: top(distances.firstTop[output]!),
    mostLikelyB: top(distances.secondTop[output]!),
  };
}

export function duelDocument(duel: Duel): object {
  const { texts, names, summaries, distances, incomparable } = duel;
  const [first] = texts;
  const agreement = distances && agreementOf(distances);
  const content = {
    format: duelFormat,
    version: duelVersion,
    title: titleOf(first),
    savedAt: new Date().toISOString(),
    engines: summaries.map(({ kind, model, description }, slot) => ({
      name: names[slot],
      model: { name: model.name, fileSize: model.fileSize, vocabularySize: model.vocabularySize },
      engine: { kind, adapter: description.adapter, numerics: description.numerics },
    })),
    prompt: first.source ?? null,
    params: first.params,
    stop: first.stop ?? null,
    lines: documentTexts(duel),
    /** The first output token at which the texts differ, from one; null where they do not, or have two vocabularies. */
    partsAt: distances ? outputNumber(firstParting(...texts)) : null,
    agreement: agreement && {
      positions: agreement.positions,
      meanKl: recordedNats(agreement.meanKl),
      worstKl: recordedNats(agreement.worstKl),
      worstAt: agreement.worstAt + 1,
      sameMostLikely: agreement.sameTop,
    },
    distances: distances ? Array.from(distances.kl, (_, output) => distanceAt(duel, output)) : null,
    incomparable,
  };
  return { ...content, checksum: documentChecksum(content) };
}

function outputNumber(output: number | null): number | null {
  return output === null ? null : output + 1;
}

/** The columns of a run's CSV, and then the distances, on the first text's rows. */
export function duelCsv(duel: Duel): string {
  const at = ({ text, position }: Row) =>
    text.name === duel.texts[0].name ? distanceAt(duel, position - text.promptLength) : null;
  const more: readonly Column[] = [
    ['engine', ({ text }) => duel.names[text.lane] ?? null],
    ['kl_nats', (row) => at(row)?.kl ?? null],
    ['total_variation', (row) => at(row)?.totalVariation ?? null],
    ['raw_logprob_a', (row) => at(row)?.rawLogprobA ?? null],
    ['raw_logprob_b', (row) => at(row)?.rawLogprobB ?? null],
    ['most_likely_a', (row) => at(row)?.mostLikelyA.label ?? null],
    ['most_likely_b', (row) => at(row)?.mostLikelyB.label ?? null],
  ];
  return toCsv({ lines: documentTexts(duel), strategy: 'sample', comparison: null }, more);
}
