/** The step at which a replay first draws another token: as it was recorded, and as it is here. */
import type { TokenId } from '../../engines/contract.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { StepView } from '../../worker/api/views.ts';
import type { StepPlace } from '../../worker/api/worker_api.ts';
import { worker } from '../connection.ts';
import type { RunRecord } from './document.ts';
import type { Difference } from './opened.svelte.ts';
import { recordedStep } from './recorded_view.ts';

/** Candidates listed on each side. */
const listed = 8;

/** The distribution here, with the recorded token in it, wherever it ranks. */
async function distributionHere(
  place: StepPlace,
  params: SamplingParams,
  recorded: TokenId,
): Promise<StepView | null> {
  const view = await worker().inspect(place, params, { top: listed });
  if (!view || view.rows.some(({ token }) => token === recorded)) return view;
  const row = await worker().candidate(place, params, recorded);
  return row ? { ...view, rows: [...view.rows, row] } : view;
}

/**
 * @param text index of the text in the record
 * @param here the worker's text, and what drew its token
 * @param drawnLabel default: the token that stands there in the worker's text
 */
export async function differenceAt(
  { lines: texts, model }: RunRecord,
  text: number,
  output: number,
  here: { readonly text: number; readonly params: SamplingParams },
  drawnLabel?: string,
): Promise<Difference> {
  const position = texts[text]!.promptLength + output;
  const token = texts[text]!.tokens[position]!;
  const view = await distributionHere({ text: here.text, position }, here.params, token.id);
  const labelOf = (id: TokenId | null): string | undefined =>
    view?.rows.find((row) => row.token === id)?.label;
  return {
    text,
    output,
    recordedLabel: labelOf(token.id) ?? token.label,
    drawnLabel: drawnLabel ?? labelOf(view?.chosen ?? null) ?? 'the end of the text',
    recorded: recordedStep(token, model.vocabularySize),
    here: view,
  };
}
