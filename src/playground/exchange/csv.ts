/** One row for each token and text, RFC 4180: for spreadsheets and data frames. */
import type { Drawn } from '../texts/line.ts';
import { numberNames, tokenNumbers } from '../texts/token_numbers.ts';
import type { DocumentLine, DocumentToken, RunRecord } from '../record/document.ts';

type Cell = string | number | null;
type Column = readonly [
  name: string,
  read: (token: DocumentToken, line: DocumentLine, position: number, record: RunRecord) => Cell,
];

/** What drew the token there; null in the prompt, and for a token that a person chose. */
function drawnWith(line: DocumentLine, position: number, { strategy }: RunRecord): Drawn | null {
  const { drawn, params, promptLength, byHand } = line;
  if (position < promptLength || byHand.includes(position - promptLength)) return null;
  return drawn.findLast(({ from }) => from <= position) ?? { from: promptLength, params, strategy };
}

const columns: readonly Column[] = [
  ['line', (_, line) => line.name],
  ['lane', (_, line) => line.lane],
  ['position', (_, __, position) => position],
  ['part', (_, line, position) => (position < line.promptLength ? 'prompt' : 'output')],
  ['token_id', (token) => token.id],
  ['token', (token) => token.label],
  ['text', (token) => token.text],
  ...numberNames.flatMap((name): Column[] => {
    const { csv } = tokenNumbers[name];
    return csv === null ? [] : [[csv, (token) => token[name] ?? null]];
  }),
  ['drawn_by', (_, line, position, record) => drawnWith(line, position, record)?.strategy ?? null],
  [
    'temperature',
    (_, line, position, record) => drawnWith(line, position, record)?.params.temperature ?? null,
  ],
  ['top_p', (_, line, position, record) => drawnWith(line, position, record)?.params.topP ?? null],
  ['seed', (_, line, position, record) => drawnWith(line, position, record)?.params.seed ?? null],
  ['stream', (_, line) => line.stream],
];

export function toCsv(record: RunRecord): string {
  const rows = record.lines.flatMap((line) =>
    line.tokens.map((token, position) =>
      columns.map(([, read]) => cell(read(token, line, position, record))),
    ),
  );
  return [columns.map(([name]) => name), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
