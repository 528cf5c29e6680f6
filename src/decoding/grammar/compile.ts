/** Compiles a grammar for a tokenizer into constraints. */
import type { CompiledGrammar, Grammar as ReadGrammar, GrammarCompiler } from '@mlc-ai/web-xgrammar';
import type { Tokenizer } from '../../engines/contract.ts';
import { SamplingError } from '../../sampling/errors.ts';
import { activeGrammar, type Grammar, type SamplingParams } from '../../sampling/params.ts';
import type { Constraint } from '../constraint.ts';
import { ReadingProblem } from './character_class.ts';
import { GrammarConstraint } from './constraint.ts';
import { ebnfText } from './ebnf_text.ts';
import { withDigits } from './integer_range.ts';
import { listen, loadLibrary } from './library.ts';
import { narrowed } from './narrow_schema.ts';
import { grammarNames, parserProblem, problemAt, type GrammarProblem } from './problem.ts';
import { schemaProblem } from './read_schema.ts';
import { regexText } from './regex_text.ts';
import { Utf8Masks } from './utf8_masks.ts';

/** A grammar compiled for a vocabulary. */
export interface ReadyGrammar {
  /** A new constraint that has accepted nothing yet. */
  constraint(): Constraint;
}

type Outcome<T> = { readonly ready: T } | { readonly problem: GrammarProblem };

/** In UTF-16 units. XGrammar can need half a minute for a longer grammar, and nothing else would be answered meanwhile. */
const mostUnits = 20_000;

/** Maximum of whitespace between two parts of JSON: without a bound, a sampler at high temperature would write little else. */
const mostWhitespace = 2;

/**
 * The class for a letter of a string with a length bound: XGrammar 0.1.27 allows control characters there, which JSON forbids in
 * strings. For strings without a length bound it uses the safe class itself.
 */
const unsafeLetter = '[^\\"\\\\\\r\\n]';
const safeLetter = '[^\\0-\\x1f\\"\\\\]';

/** Maximum of grammars kept for one vocabulary: more than a run has lanes. */
const mostKept = 24;

interface Workshop {
  readonly tokenizer: Tokenizer;
  readonly compiler: Promise<GrammarCompiler>;
  readonly utf8: Utf8Masks;
  readonly kept: Map<string, Promise<Outcome<CompiledGrammar>>>;
}

/** Only one is kept: there is one model at a time, and its vocabulary takes megabytes. */
let workshop: Workshop | null = null;

/** @throws SamplingError `bad-parameter` with the parser's words and the place in the source */
export async function compileGrammar(grammar: Grammar, tokenizer: Tokenizer): Promise<ReadyGrammar> {
  const outcome = await tryGrammar(grammar, tokenizer);
  if ('ready' in outcome) return outcome.ready;
  const { message, line, column } = outcome.problem;
  const place = line === null ? '' : ` (line ${line}, column ${column})`;
  throw new SamplingError('bad-parameter', `${message}${place}`);
}

/**
 * Compiles the grammar of each lane of a run.
 * @throws SamplingError `bad-parameter` for the first grammar that cannot be used
 */
export async function laneConstraints(
  lanes: readonly SamplingParams[],
  tokenizer: Tokenizer,
): Promise<(lane: number) => Constraint | null> {
  const grammars = await Promise.all(
    lanes.map((params) => {
      const grammar = activeGrammar(params);
      return grammar && compileGrammar(grammar, tokenizer);
    }),
  );
  return (lane) => grammars[lane]?.constraint() ?? null;
}

/** @returns a grammar that is ready for this vocabulary, or what is wrong with it */
export async function tryGrammar(grammar: Grammar, tokenizer: Tokenizer): Promise<Outcome<ReadyGrammar>> {
  const { kept, compiler, utf8 } = workshopFor(tokenizer);
  const key = `${grammar.kind}:${grammar.source}`;
  const known = kept.get(key) ?? compile(grammar, tokenizer, compiler, utf8);
  kept.delete(key);
  kept.set(key, known);
  if (kept.size > mostKept) dropOldest(kept);
  try {
    const outcome = await known;
    if ('problem' in outcome) return outcome;
    return { ready: { constraint: () => new GrammarConstraint(outcome.ready, utf8) } };
  } catch (error) {
    // The library could not be fetched; the next call tries again.
    if (workshop?.kept === kept) workshop = null;
    throw error;
  }
}

function workshopFor(tokenizer: Tokenizer): Workshop {
  if (workshop?.tokenizer === tokenizer) return workshop;
  if (workshop) close(workshop);
  const compiler = makeCompiler(tokenizer);
  // Callers that await the compiler handle its failure.
  compiler.catch(() => undefined);
  workshop = { tokenizer, compiler, utf8: new Utf8Masks(tokenizer), kept: new Map() };
  return workshop;
}

function close({ compiler, kept }: Workshop): void {
  while (kept.size > 0) dropOldest(kept);
  void compiler.then((each) => each.dispose()).catch(() => undefined);
}

function dropOldest(kept: Workshop['kept']): void {
  const [oldest] = kept;
  if (!oldest) return;
  kept.delete(oldest[0]);
  void oldest[1].then((outcome) => 'ready' in outcome && outcome.ready.dispose()).catch(() => undefined);
}

async function compile(
  grammar: Grammar,
  tokenizer: Tokenizer,
  compiler: Promise<GrammarCompiler>,
  utf8: Utf8Masks,
): Promise<Outcome<CompiledGrammar>> {
  const wrong = (message: string): { problem: GrammarProblem } => ({
    problem: problemAt(grammar.source, null, message),
  });
  if (tokenizer.endOfGeneration.size === 0) {
    return wrong('This model has no token that ends a text, and a grammar needs one; choose another model.');
  }
  // Reading comes first: after an error the compiler would never answer when asked for the same grammar again.
  const read = await readGrammar(grammar);
  if ('problem' in read) return read;
  const compiled = await (await compiler).compileGrammar(read.ready);
  read.ready.dispose();
  const first = new GrammarConstraint(compiled, utf8);
  const mask = await first.allowed();
  first.release();
  if (mask?.some((word) => word !== 0)) return { ready: compiled };
  compiled.dispose();
  return wrong(
    `The ${grammarNames[grammar.kind]} allows none of this model’s tokens at its beginning, so the model could write nothing.`,
  );
}

async function readGrammar(grammar: Grammar): Promise<Outcome<ReadGrammar>> {
  const { kind, source } = grammar;
  // A space is a valid pattern.
  if (source === '' || (kind !== 'regex' && source.trim() === '')) {
    return {
      problem: problemAt(source, 0, `The ${grammarNames[kind]} is empty; write one, or choose “free”.`),
    };
  }
  if (source.length > mostUnits) {
    const message = `The ${grammarNames[kind]} has ${source.length} characters, and at most ${mostUnits} are read; shorten it.`;
    return { problem: problemAt(source, mostUnits, message) };
  }
  const refused = kind === 'json-schema' ? schemaProblem(source) : null;
  if (refused) return { problem: refused };
  const { Grammar: Reader } = await loadLibrary();
  try {
    const text = writtenFor(grammar);
    const outcome = await listen(() =>
      kind === 'json-schema'
        ? Reader.fromJSONSchema(text, true, undefined, undefined, true, mostWhitespace)
        : Reader.fromEBNF(text),
    );
    if ('said' in outcome) return { problem: parserProblem(grammar, outcome.said) };
    const safe = kind === 'json-schema' ? safeJson(outcome.value) : kind === 'ebnf' ? ebnfText(source) : text;
    const again = safe === text ? outcome : await listen(() => Reader.fromEBNF(safe));
    if (again !== outcome) outcome.value.dispose();
    if ('said' in again) return { problem: parserProblem(grammar, again.said) };
    if (!hasEmptyRule(again.value)) return { ready: again.value };
    again.value.dispose();
    const message = `The ${grammarNames[kind]} has a part that is always empty, as "" alone or ("")?, which XGrammar would misread; leave it out.`;
    return { problem: problemAt(source, null, message) };
  } catch (error) {
    if (!(error instanceof ReadingProblem)) throw error;
    const message = `The ${grammarNames[kind]} cannot be read: ${error.message}.`;
    return { problem: problemAt(source, error.at, message) };
  }
}

/** The grammar in the form that XGrammar gets. @throws ReadingProblem */
function writtenFor({ kind, source }: Grammar): string {
  if (kind === 'regex') return regexText(source);
  return kind === 'ebnf' ? source : JSON.stringify(narrowed(JSON.parse(source)));
}

/** Whether a rule other than the first matches only the empty text. */
function hasEmptyRule(read: ReadGrammar): boolean {
  return /^(?!root )\S+ ::= \((?:\(*""\)*(?: \| )?)+\)$/m.test(read.toString());
}

function safeJson(read: ReadGrammar): string {
  return withDigits(read.toString().replaceAll(unsafeLetter, safeLetter));
}

async function makeCompiler(tokenizer: Tokenizer): Promise<GrammarCompiler> {
  const { GrammarCompiler: Compiler, TokenizerInfo } = await loadLibrary();
  const letters = byteLetters();
  const vocabulary = Array.from({ length: tokenizer.vocabularySize }, (_, token) => {
    const kind = tokenizer.kind(token);
    // XGrammar never allows a token with an empty text.
    if (kind === 'control' || kind === 'unknown' || kind === 'unused') return '';
    return Array.from(tokenizer.bytes(token), (byte) => letters[byte]!).join('');
  });
  const ends = [...tokenizer.endOfGeneration];
  const info = await TokenizerInfo.createTokenizerInfo(
    vocabulary,
    'byte_level',
    false,
    vocabulary.length,
    ends,
  );
  return Compiler.createGrammarCompiler(info);
}

/**
 * GPT-2's byte alphabet (`bytes_to_unicode` in its encoder.py): one printable letter per byte, so that tokens that are not whole
 * characters can be passed as text.
 */
function byteLetters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(printable(byte) ? byte : 256 + others++),
  );
}
