/** One row for each token and text, RFC 4180: for spreadsheets and data frames. */
import type { DocumentLine, DocumentToken, RunRecord } from '../record/document.ts';

type Cell = string | number | null;
type Column = readonly [
  name: string,
  read: (token: DocumentToken, line: DocumentLine, position: number) => Cell,
];

const columns: readonly Column[] = [
  ['line', (_, line) => line.name],
  ['lane', (_, line) => line.lane],
  ['position', (_, __, position) => position],
  ['part', (_, line, position) => (position < line.promptLength ? 'prompt' : 'output')],
  ['token_id', (token) => token.id],
  ['token', (token) => token.label],
  ['text', (token) => token.text],
  ['raw_logprob', (token) => token.rawLogprob],
  ['final_logprob', (token) => token.finalLogprob],
  ['rank', (token) => token.rank],
  ['entropy_nats', (token) => token.entropy],
  ['final_entropy_nats', (token) => token.finalEntropy],
  ['candidates_kept', (token) => token.kept],
  ['temperature', (_, line) => line.params.temperature],
  ['top_p', (_, line) => line.params.topP],
  ['seed', (_, line) => line.params.seed],
];

export function toCsv({ lines }: RunRecord): string {
  const rows = lines.flatMap((line) =>
    line.tokens.map((token, position) => columns.map(([, read]) => cell(read(token, line, position)))),
  );
  return [columns.map(([name]) => name), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
