/** Saves and opens files. */
import { notify } from '../notices.ts';
import { jsonOf } from '../record/json.ts';
import { makeDocument, titleOf } from '../record/make_document.ts';
import { makeRecord, type Recordable } from '../record/make_record.ts';
import { ownSettings } from '../record/own_settings.ts';
import { openRecord } from '../record/open_record.ts';
import { toCsv } from './csv.ts';
import { toOpenAi } from './openai.ts';
import { maxFileBytes, readRunFile } from './read_file.ts';
import { toText } from './text.ts';

export type ExportKind = 'json' | 'openai' | 'csv' | 'text';

/** Candidates per step in a file, which has room enough. OpenAI's limit is the same. */
const depth = 20;

interface ExportFormat {
  readonly label: string;
  readonly help: string;
  readonly extension: string;
  readonly type: string;
}

export const exportFormats: Readonly<Record<ExportKind, ExportFormat>> = {
  json: {
    label: 'JSON',
    help: 'Everything; this page opens it again.',
    extension: 'logitscope.json',
    type: 'application/json',
  },
  openai: {
    label: 'OpenAI JSON',
    help: 'The shape of OpenAI’s logprobs, for programs that read it.',
    extension: 'openai.json',
    type: 'application/json',
  },
  csv: { label: 'CSV', help: 'One row for each token and text.', extension: 'csv', type: 'text/csv' },
  text: { label: 'Text', help: 'As it reads.', extension: 'txt', type: 'text/plain' },
};

export const exportKinds = Object.keys(exportFormats) as readonly ExportKind[];

/** @returns the file, ready to be saved */
export async function exportRun(kind: ExportKind, subject: Recordable): Promise<File> {
  const [settings, record] = await Promise.all([ownSettings(subject), makeRecord(subject, depth)]);
  const title = titleOf(subject.texts[0]!);
  const document = makeDocument(record, settings, title);
  const content = {
    json: () => jsonOf(document, 1),
    openai: () => jsonOf(toOpenAi(document), 1),
    csv: () => toCsv(record),
    text: () => toText(record),
  }[kind]();
  const { extension, type } = exportFormats[kind];
  return new File([content], `${fileName(title)}.${extension}`, { type });
}

/** Opens a run beside the texts on the page. A notice says what is wrong with the file. */
export async function importRun(file: File): Promise<void> {
  try {
    if (file.size > maxFileBytes) {
      throw new RangeError(
        `${file.name} is ${Math.round(file.size / 1e6)} MB, more than the ${Math.round(maxFileBytes / 1e6)} MB that are read; save fewer texts at once.`,
      );
    }
    const { record, settings } = readRunFile(file.name, await file.text());
    const origin = settings === null ? 'imported' : 'file';
    openRecord(record, { origin, settings, take: true, replace: false, reveal: true });
  } catch (error) {
    notify('error', error instanceof Error ? error.message : String(error));
  }
}

/** Hands a file to the browser's downloads. */
export function save(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  // The download has started by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A name that every file system takes. */
export function fileName(title: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase();
  return plain.slice(0, 40) || 'run';
}
