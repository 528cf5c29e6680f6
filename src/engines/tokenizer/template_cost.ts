/**
 * The cost of an operation of a chat template, computed from its operands before it begins. One unit is about the cost of reading
 * one character once. If an operation multiplies the lengths of two operands, its cost does too.
 */

/** A value of Jinja's interpreter; the library does not export its type. */
export interface TemplateValue {
  readonly type: string;
  readonly value: unknown;
}

/** Extra cost of creating an object for a character, a match or an entry. */
const MAKING = 8;
/** Cost of an iteration of a loop, without its body. */
const ITERATION = 100;
/** Searching is faster than its worst case by this factor. */
const SEARCHING = 1 / 8;
/** Maximum depth of lists within lists. */
const MAX_DEPTH = 100;
/** Maximum of spaces in `tojson(indent=…)`. */
const MAX_INDENT = 16;

interface Weight {
  /** Characters and entries, including those of nested values. */
  readonly weight: number;
  readonly depth: number;
}

/** Caches weights. Lists and objects do not change once they are made, and may be shared; a namespace may change. */
const weights = new WeakMap<object, Weight>();

/** About the length of the value as text. @throws Error if lists nest too deep */
export function weightOf(value: TemplateValue): number {
  return weigh(value, 0).weight;
}

function weigh({ type, value }: TemplateValue, level: number): Weight {
  if (typeof value === 'string') return { weight: value.length, depth: 0 };
  if (typeof value !== 'object' || value === null) return { weight: 1, depth: 0 };
  const known = weights.get(value);
  if (known) return known;
  if (level > MAX_DEPTH) throw new Error('its lists nest too deep');
  let weight = 2;
  let depth = 0;
  let fixed = type !== 'NamespaceValue';
  for (const [key, inner] of (
    value as ReadonlyMap<unknown, TemplateValue> | readonly TemplateValue[]
  ).entries()) {
    const within = weigh(inner, level + 1);
    weight += within.weight + 2 + (typeof key === 'string' ? key.length : 0);
    depth = Math.max(depth, within.depth + 1);
    if (isContainer(inner) && !weights.has(inner.value as object)) fixed = false;
  }
  if (depth > MAX_DEPTH) throw new Error('its lists nest too deep');
  if (fixed) weights.set(value, { weight, depth });
  return { weight, depth };
}

function isContainer({ value }: TemplateValue): boolean {
  return typeof value === 'object' && value !== null;
}

/** Characters of a text, or entries of a list or object. */
function lengthOf({ value }: TemplateValue): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : 1;
}

export function binaryCost(operator: string, left: TemplateValue, right: TemplateValue): number {
  const both = weightOf(left) + weightOf(right);
  if (operator === 'in' || operator === 'not in') return lengthOf(right) * (1 + lengthOf(left) * SEARCHING);
  const texts = typeof left.value === 'string' && typeof right.value === 'string';
  if (operator === '==' || operator === '!=')
    return texts ? both : isContainer(left) === isContainer(right) ? 1 : both * MAKING;
  // Concatenated texts share their parts.
  if (texts) return both / 16;
  return isContainer(left) || isContainer(right) ? both * MAKING : 1;
}

export function filterCost(name: string, operand: TemplateValue, values: readonly TemplateValue[]): number {
  const weight = weightOf(operand);
  const length = lengthOf(operand);
  switch (name) {
    case 'default':
    case 'safe':
    case 'length':
    case 'first':
    case 'last':
      return 1;
    case 'tojson': {
      const indent = numberIn(values);
      if (indent > MAX_INDENT)
        throw new Error(`tojson() with an indent of ${indent} is more than ${MAX_INDENT}`);
      return weight * (MAKING + indent * weigh(operand, 0).depth);
    }
    case 'indent':
      return length * (MAKING + numberIn(values));
    case 'join':
      return weight * MAKING + length * weightsOf(values);
    case 'sort':
    case 'dictsort':
      return weight * 4 * MAKING;
    case 'map':
    case 'selectattr':
    case 'rejectattr':
      return weight + length * (MAKING + weightsOf(values) * 4);
    default:
      return callCost(name, operand, values);
  }
}

export function callCost(name: string, object: TemplateValue, values: readonly TemplateValue[]): number {
  const length = lengthOf(object);
  const [first, second] = values.map(lengthOf);
  switch (name) {
    case 'replace': {
      const [old = 0, by = 0] = [first, second];
      return length * (MAKING + old * SEARCHING) + (length / Math.max(1, old) + 1) * by;
    }
    case 'split':
      return length * (MAKING + (first ?? 0) * SEARCHING);
    case 'dictsort':
      return weightOf(object) * 4 * MAKING;
    default:
      return length * MAKING + weightsOf(values);
  }
}

/** Slicing a text creates an object per character. */
export function sliceCost(object: TemplateValue): number {
  return lengthOf(object) * 2 * MAKING;
}

export function iterationCost(iterable: TemplateValue): number {
  return lengthOf(iterable) * ITERATION;
}

/** Output is converted to text. */
export function outputCost(value: TemplateValue): number {
  return isContainer(value) ? weightOf(value) * MAKING : 1;
}

function weightsOf(values: readonly TemplateValue[]): number {
  return values.reduce((sum, value) => sum + weightOf(value), 0);
}

/** The largest number among the arguments: a width. */
function numberIn(values: readonly TemplateValue[]): number {
  return Math.max(0, ...values.map(({ value }) => (typeof value === 'number' ? value : 0)));
}
