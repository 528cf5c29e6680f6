import { problemAt, type GrammarProblem } from './problem.ts';
import { schemaObjection } from './schema_subset.ts';

/** Levels of brackets and braces. Beyond some hundred, recursive functions over a schema overflow the stack. */
const MOST_LEVELS = 100;

/** Finds what XGrammar does not report about a schema: where it stops being JSON, and which parts would not be enforced. */
export function schemaProblem(source: string): GrammarProblem | null {
  let schema: unknown;
  try {
    schema = JSON.parse(source);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const words = said.replace(/,? (\.\.\.)?".*is not valid JSON$|\s*in JSON.*$/s, '');
    return problemAt(source, firstFault(source), `The schema is not JSON: ${words}.`);
  }
  const levels = levelsOf(schema);
  if (levels > MOST_LEVELS) {
    const message = `The schema is nested ${levels} levels deep, and at most ${MOST_LEVELS} are read; make it flatter, or name its parts under "$defs".`;
    return problemAt(source, null, message);
  }
  const objection = schemaObjection(schema);
  if (!objection) return null;
  const { keyword, path, why } = objection;
  const at = keyword === '' ? -1 : source.indexOf(`"${keyword}"`);
  const name =
    keyword === '' || keyword === 'false'
      ? 'The schema'
      : `"${keyword.length > 80 ? `${keyword.slice(0, 80)}…` : keyword}"`;
  const where = path === '' ? '' : ` (in ${path.length > 80 ? `…${path.slice(-80)}` : path})`;
  return problemAt(source, at < 0 ? null : at, `${name}${where} ${why}.`);
}

/** The depth of nested lists and objects. It works level by level, so that no depth overflows the stack. */
function levelsOf(value: unknown): number {
  let levels = 0;
  for (let level = [value]; level.length > 0; levels++) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return levels - 1;
}

/** The first character that no JSON can continue with. JavaScript engines word their errors differently, not all with a place. */
function firstFault(source: string): number {
  const goesOn = (length: number): boolean => {
    try {
      JSON.parse(source.slice(0, length));
      return true;
    } catch (error) {
      const said = error instanceof Error ? error.message : '';
      const at = /position (\d+)/.exec(said)?.[1];
      return /end of|[Uu]nterminated|EOF/.test(said) || (at !== undefined && Number(at) >= length);
    }
  };
  let good = 0;
  let bad = source.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (goesOn(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
