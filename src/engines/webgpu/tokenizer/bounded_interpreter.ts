import { Interpreter } from '@huggingface/jinja';

type Evaluate = Interpreter['evaluate'];
type Program = Parameters<Interpreter['run']>[0];

/** Expressions and statements evaluated in one rendering. A long chat with tools takes some ten thousand. */
const MAX_STEPS = 200_000;
/** Characters of any text that a template builds. The longest prompts of small models have some 100 000. */
const MAX_TEXT_LENGTH = 4_000_000;
/** Entries of any list that a template builds. */
const MAX_LIST_LENGTH = 10_000;

/** Jinja's interpreter with a bound on what a program may do. @throws Error in `render` where it does more */
export class BoundedInterpreter extends Interpreter {
  #steps = 0;

  render(program: Program): string {
    return String(this.run(program).value);
  }

  override evaluate(...[statement, environment]: Parameters<Evaluate>): ReturnType<Evaluate> {
    if (++this.#steps > MAX_STEPS) throw new Error(`it takes more than ${MAX_STEPS} steps`);
    const result = super.evaluate(statement, environment);
    const { value } = result;
    if (typeof value === 'string' && value.length > MAX_TEXT_LENGTH) {
      throw new Error(`it builds a text of more than ${MAX_TEXT_LENGTH} characters`);
    }
    if (Array.isArray(value) && value.length > MAX_LIST_LENGTH) {
      throw new Error(`it builds a list of more than ${MAX_LIST_LENGTH} entries`);
    }
    return result;
  }
}

/** Jinja's `range`, as Python's. */
export function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined || second === null ? [0, first] : [first, second];
  if (![start, stop, step].every(Number.isFinite) || step === 0)
    throw new Error('range() needs numbers and a step');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MAX_LIST_LENGTH)
    throw new Error(`range() of ${length} entries is more than ${MAX_LIST_LENGTH}`);
  return Array.from({ length }, (_, i) => start + i * step);
}
