/** CSV (RFC 4180) with one row per token of each text, for spreadsheets and data frames. */
import type { Drawn } from '../texts/text.ts';
import { numberNames, tokenNumbers } from '../texts/token_numbers.ts';
import { laneLetter } from '../compare/lane_gestures.ts';
import type { DocumentText, DocumentToken, RunRecord } from '../record/document.ts';

type Cell = string | number | null;

/** What of a record a CSV has. */
type Texts = Pick<RunRecord, 'lines' | 'strategy' | 'comparison'>;

export interface Row {
  readonly record: Texts;
  readonly token: DocumentToken;
  readonly text: DocumentText;
  readonly position: number;
  /** What drew the token; null in the prompt, and for a token that a person chose. */
  readonly drawn: Drawn | null;
}

function drawnWith({ strategy }: Texts, text: DocumentText, position: number): Drawn | null {
  const { drawn, params, promptLength, byHand } = text;
  if (position < promptLength || byHand.includes(position - promptLength)) return null;
  return drawn.findLast(({ from }) => from <= position) ?? { from: promptLength, params, strategy };
}

/** As the page calls it: lanes and samples have letters, beams have numbers. A text that was run alone has no name as a lane. */
function laneName({ record, text }: Row): Cell {
  if (record.comparison === null) return text.lane;
  return record.strategy === 'beam' ? text.lane + 1 : laneLetter(text.lane);
}

export type Column = readonly [name: string, read: (row: Row) => Cell];

const columns: readonly Column[] = [
  ['line', ({ text }) => text.name],
  ['lane', laneName],
  ['position', ({ position }) => position],
  ['part', ({ text, position }) => (position < text.promptLength ? 'prompt' : 'output')],
  ['token_id', ({ token }) => token.id],
  ['token', ({ token }) => token.label],
  ['text', ({ token }) => token.text],
  ...numberNames.flatMap((name): Column[] => {
    const { csv } = tokenNumbers[name];
    return csv === undefined ? [] : [[csv, ({ token }) => token[name] ?? null]];
  }),
  ['drawn_by', ({ drawn }) => drawn?.strategy ?? null],
  ['temperature', ({ drawn }) => drawn?.params.temperature ?? null],
  ['top_p', ({ drawn }) => drawn?.params.topP ?? null],
  ['seed', ({ drawn }) => drawn?.params.seed ?? null],
  ['stream', ({ text }) => text.stream],
];

/** @param more columns after the usual ones */
export function toCsv(record: Texts, more: readonly Column[] = []): string {
  const all = [...columns, ...more];
  const rows = record.lines.flatMap((text) =>
    text.tokens.map((token, position) => {
      const row = { record, token, text, position, drawn: drawnWith(record, text, position) };
      return all.map(([, read]) => cell(read(row)));
    }),
  );
  return [all.map(([name]) => name), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
