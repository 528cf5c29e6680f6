/**
 * What may be cited of a record that was computed again here with the same result: a text, and a BibTeX entry. It says only what is
 * known, and only a record that was reproduced has one.
 */
import { numericsDifference } from '../../engines/numerics.ts';
import { settingsWords } from '../settings_words.ts';
import type { Opened } from './opened.svelte.ts';
import { recordHash, shortHash } from './record_hash.ts';

export interface Certificate {
  readonly text: string;
  readonly bibtex: string;
  /** Without an ending. */
  readonly fileName: string;
}

type Fact = readonly [name: string, value: string | null | undefined];

/**
 * @param build the page's own version
 * @returns null unless the record's replay gave the recorded tokens and numbers
 */
export async function certificateOf({ record, replay }: Opened, build: string): Promise<Certificate | null> {
  if (replay.phase !== 'reproduced') return null;
  const { here, verdict, drawn, byHand, date } = replay;
  const hash = await recordHash(record);
  const there = record.engine.numerics;
  const differs =
    there !== undefined && here.engine.numerics !== undefined
      ? numericsDifference(there, here.engine.numerics)
      : [];
  const delta = written(verdict.maxDelta);
  const facts: Fact[] = [
    ['Result', `reproduced token for token: ${drawn} drawn${byHand > 0 ? `, ${byHand} chosen by hand` : ''}`],
    ['Numbers', `${verdict.numbers} compared, max |Δ| ${delta} nats`],
    ['Corrected', verdict.corrected.join('; ') || null],
    ['Record', `SHA-256 ${hash}`],
    ['Model', here.model.name],
    ['Model file', here.model.sha256 && `SHA-256 ${here.model.sha256}`],
    ['Settings', settingsWords(record.lines[record.current]!.params).join(', ')],
    ['Engine', here.engine.kind],
    ['Numerics', here.engine.numerics],
    ['Adapter', here.engine.adapter || null],
    ['Recorded', differs.length > 0 ? `with another ${differs.join(', another ')}` : null],
    ['Recorded on', differs.length > 0 ? record.engine.adapter || null : null],
    ['Build', build],
    ['Date', date],
  ];
  const known = facts.filter((fact): fact is readonly [string, string] => Boolean(fact[1]));
  const width = Math.max(...known.map(([name]) => name.length)) + 2;
  const lines = known.map(([name, value]) => `${name.padEnd(width)}${value}`);
  return {
    text: ['Logitscope: certificate of a replay', '', ...lines, ''].join('\n'),
    bibtex: bibtexOf(known, hash, date, { model: here.model.name, build }),
    fileName: `certificate-${shortHash(hash)}`,
  };
}

function bibtexOf(
  facts: readonly (readonly [string, string])[],
  hash: string,
  date: string,
  { model, build }: { readonly model: string; readonly build: string },
): string {
  const told = ['Result', 'Numbers', 'Record', 'Model file', 'Numerics', 'Adapter'];
  const note = facts.filter(([name]) => told.includes(name)).map(([name, value]) => `${name}: ${value}`);
  const fields: readonly (readonly [string, string])[] = [
    ['title', `A replayed run of ${model}`],
    ['howpublished', `Logitscope, ${build}`],
    ['year', date.slice(0, 4)],
    ['month', String(Number(date.slice(5, 7)))],
    ['note', `${note.join('. ')}. Replayed ${date.slice(0, 10)}`],
  ];
  return [
    `@misc{logitscope-${shortHash(hash)},`,
    ...fields.map(([name, value]) => `  ${name.padEnd(12)} = {${texText(value)}},`),
    '}',
    '',
  ].join('\n');
}

/** What TeX would take for a command or leave out. */
const texNames: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '|': '\\textbar{}',
  Δ: '$\\Delta$',
  '×': '$\\times$',
};

function texText(text: string): string {
  return text.replace(/[\\{}%#$&_~^|Δ×]/g, (sign) => texNames[sign] ?? `\\${sign}`);
}

/** In digits that a program reads too. */
function written(value: number): string {
  return value === 0 ? '0' : String(Number(value.toPrecision(2)));
}
