/** What the page shows of a record before the card's question is answered. */
import type { StepView } from '../../worker/api/views.ts';
import type { DocumentText, RunRecord } from '../record/document.ts';
import { recordedStep } from '../record/recorded_view.ts';
import type { CardRun } from './card.ts';

/**
 * The record without its outcome, and with the first `shown` output tokens of each text. A text on the playground then shows the step
 * that comes next; lanes show the last step that is there.
 */
export function unanswered(record: RunRecord, { shown }: CardRun): RunRecord {
  const { comparison } = record;
  const hidden = comparison && { ...comparison, outcome: null, greedy: null, usage: null };
  if (shown === undefined) return { ...record, comparison: hidden };
  const lines = record.lines.map((text) => cut(text, shown));
  const { tokens, promptLength } = lines[record.current]!;
  const last = comparison ? Math.max(promptLength, tokens.length - 1) : tokens.length;
  return { ...record, lines, comparison: hidden, selected: Math.min(last, tokens.length) };
}

function cut(text: DocumentText, outputs: number): DocumentText {
  const length = Math.min(text.tokens.length, text.promptLength + outputs);
  const tokens = text.tokens.slice(0, length);
  const units = tokens.slice(text.promptLength).reduce((sum, { text: piece }) => sum + piece.length, 0);
  return {
    ...text,
    tokens,
    visible: Math.min(text.visible, units),
    reason: 'stopped',
    byHand: text.byHand.filter((output) => output < outputs),
    drawn: text.drawn.filter(({ from }) => from <= length),
  };
}

/** The step after the end of a cut text: its candidates, but not which one was drawn. */
export function nextStep(
  { tokens }: DocumentText,
  position: number,
  vocabularySize: number,
): StepView | null {
  const token = tokens[position];
  const step = token ? recordedStep({ ...token, rawLogprob: null }, vocabularySize) : null;
  return step && { ...step, chosen: null };
}
