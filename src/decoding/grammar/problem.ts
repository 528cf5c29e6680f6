import type { Grammar } from '../../sampling/params.ts';

/** Why a grammar cannot be used, and where. Line and column count from 1; null if the place is unknown. */
export interface GrammarProblem {
  readonly message: string;
  readonly line: number | null;
  readonly column: number | null;
}

export const grammarNames: Readonly<Record<Grammar['kind'], string>> = {
  'json-schema': 'schema',
  regex: 'regular expression',
  ebnf: 'grammar',
};

/** @param offset UTF-16 units from the beginning of the source; null for the grammar as a whole */
export function problemAt(source: string, offset: number | null, message: string): GrammarProblem {
  if (offset === null) return { message, line: null, column: null };
  const before = source.slice(0, Math.max(0, offset)).split('\n');
  return { message, line: before.length, column: before.at(-1)!.length + 1 };
}

/** Converts XGrammar's output: its words without its source files, and the place if it names one. */
export function parserProblem({ kind, source }: Grammar, said: string): GrammarProblem {
  const words = said
    .replace(/^\s*Aborted\(.*$/gm, '')
    .replace(/^\s*\[WARNING\].*$/gm, '')
    .replace(/^\s*\[FATAL\]\s*\S+?:\d+:\s*/m, '')
    .replace(/^Check failed: .*? is false: /, '')
    .trim();
  const message = `The ${grammarNames[kind]} cannot be read: ${sentence(words)}`;
  const lined = /line (\d+), column (\d+)/.exec(words);
  // XGrammar reads a schema in a form of its own, so its lines are not those of the user's text.
  if (kind === 'json-schema') return { message, line: null, column: null };
  if (lined) return { message, line: Number(lined[1]), column: Number(lined[2]) };
  const offset = /at position (\d+)/.exec(words);
  return problemAt(source, offset ? Number(offset[1]) - 1 : null, message);
}

/** Limits the length: the parser quotes the source, which may be long. */
function sentence(words: string): string {
  const cut = words.length > 300 ? `${words.slice(0, 300)}…` : words;
  return /[.!?…]$/.test(cut) ? cut : `${cut}.`;
}
