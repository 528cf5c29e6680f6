/**
 * Decides which JSON schemas XGrammar 0.1.27 turns into a grammar whose every text is valid, once `narrow_schema.ts` has rewritten
 * them. It also reads other schemas, but ignores what it does not know (`not`, `allOf`, `multipleOf` …) or gets it wrong (bounds of
 * `number`). We refuse those by name, because an output that only looks valid would be worse than none.
 */
import { ReadingProblem } from './character_class.ts';
import { mostLetters } from './expansion.ts';
import { formatPatterns, jsonPattern } from './json_pattern.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Where a schema leaves the subset: the keyword's name, and the path to it. */
export interface SchemaObjection {
  readonly keyword: string;
  readonly path: string;
  readonly why: string;
}

/** Keywords that do not affect validity. */
const annotations: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$defs',
  'definitions',
]);

const ofType: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'format', 'pattern'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  number: [],
  boolean: [],
  null: [],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  object: ['properties', 'required', 'additionalProperties'],
};

/** Each of these decides alone: XGrammar ignores all keywords beside it. */
const alone: readonly string[] = ['$ref', 'anyOf', 'allOf', 'const', 'enum'];

const advice: Readonly<Record<string, string>> = {
  oneOf: 'cannot be held to exactly one; use anyOf',
  not: 'cannot be kept; say what may come instead',
};

/** @returns the first part that would not be enforced, or null */
export function schemaObjection(schema: unknown, path = ''): SchemaObjection | null {
  if (typeof schema === 'boolean') {
    return schema ? null : { keyword: 'false', path, why: 'accepts nothing' };
  }
  if (!isSchema(schema)) return { keyword: '', path, why: 'is not a schema: it must be an object or true' };
  const says = (keyword: string, why: string): SchemaObjection => ({ keyword, path, why });
  const keywords = Object.keys(schema).filter((keyword) => !annotations.has(keyword));
  for (const keyword of ['$defs', 'definitions']) {
    const definitions = schema[keyword];
    if (definitions === undefined) continue;
    if (!isSchema(definitions)) return says(keyword, 'must be an object');
    const found = firstOf(definitions, `${path}/${keyword}`);
    if (found) return found;
  }
  const lone = keywords.find((keyword) => alone.includes(keyword));
  if (lone !== undefined) {
    const beside = keywords.find((keyword) => keyword !== lone && !(keyword === 'type' && isValue(lone)));
    if (beside !== undefined) return says(beside, `would be ignored beside ${lone}`);
    return loneObjection(schema, lone, path);
  }
  const { type } = schema;
  if (type === undefined && keywords.length > 0) {
    const [keyword] = keywords as [string];
    const known = Object.values(ofType).some((list) => list.includes(keyword));
    return says(keyword, advice[keyword] ?? (known ? 'needs a "type" beside it' : 'is not supported'));
  }
  const types = Array.isArray(type) ? (type as unknown[]) : type === undefined ? [] : [type];
  const unknown = types.find((name) => typeof name !== 'string' || !Object.hasOwn(ofType, name));
  if (unknown !== undefined) return says('type', `is ${quoted(unknown)}, which is not a JSON type`);
  const allowed = types.flatMap((name) => ofType[name as string]!);
  const strange = keywords.find((keyword) => keyword !== 'type' && !allowed.includes(keyword));
  if (strange !== undefined) {
    return says(strange, advice[strange] ?? `is not supported for the type ${types.join(', ')}`);
  }
  return boundsObjection(schema, says) ?? partsObjection(schema, path, says);
}

/** The value as JSON, cut at some length. */
function quoted(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isValue(keyword: string): boolean {
  return keyword === 'const' || keyword === 'enum';
}

function firstOf(schemas: Schema, path: string): SchemaObjection | null {
  for (const [name, schema] of Object.entries(schemas)) {
    const found = schemaObjection(schema, `${path}/${name}`);
    if (found) return found;
  }
  return null;
}

function loneObjection(schema: Schema, keyword: string, path: string): SchemaObjection | null {
  const says = (why: string): SchemaObjection => ({ keyword, path, why });
  const value = schema[keyword];
  if (keyword === '$ref') {
    return typeof value === 'string' && value.startsWith('#')
      ? null
      : says('may point within this schema only, as in "#/$defs/name"');
  }
  if (isValue(keyword)) {
    const values = keyword === 'const' ? [value] : value;
    if (!Array.isArray(values) || values.length === 0) return says('must list at least one value');
    const { type } = schema;
    const wrong =
      typeof type === 'string' ? values.find((each: unknown) => !isOfType(each, type)) : undefined;
    return wrong === undefined ? null : says(`has ${quoted(wrong)}, which is not of the type beside it`);
  }
  if (!Array.isArray(value) || value.length === 0) return says('must list at least one schema');
  if (keyword === 'allOf' && value.length > 1) return says('cannot be kept with more than one schema');
  for (const [index, each] of value.entries()) {
    const found = schemaObjection(each, `${path}/${keyword}/${index}`);
    if (found) return found;
  }
  return null;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isSchema(value);
    default:
      return typeof value === type;
  }
}

type Says = (keyword: string, why: string) => SchemaObjection;

function boundsObjection(schema: Schema, says: Says): SchemaObjection | null {
  for (const keyword of ['minLength', 'maxLength', 'minItems', 'maxItems']) {
    const value = schema[keyword];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || (value as number) < 0) return says(keyword, 'must be a whole number');
    if ((value as number) > mostLetters) return says(keyword, `may be ${mostLetters} at most`);
  }
  for (const keyword of ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']) {
    if (schema[keyword] !== undefined && !Number.isSafeInteger(schema[keyword])) {
      return says(keyword, 'must be a whole number');
    }
  }
  return emptyRange(schema, says) ?? patternObjection(schema, says);
}

function emptyRange(schema: Schema, says: Says): SchemaObjection | null {
  const bound = (keyword: string, without: number): number =>
    (schema[keyword] as number | undefined) ?? without;
  const least = Math.max(bound('minimum', -Infinity), bound('exclusiveMinimum', -Infinity) + 1);
  const most = Math.min(bound('maximum', Infinity), bound('exclusiveMaximum', Infinity) - 1);
  if (least <= most) return null;
  const keyword = ['maximum', 'exclusiveMaximum'].find((name) => schema[name] !== undefined)!;
  return says(keyword, 'leaves no number above the least one');
}

function patternObjection(schema: Schema, says: Says): SchemaObjection | null {
  const [keyword, other, beside] = ['format', 'pattern', 'minLength', 'maxLength'].filter(
    (name) => schema[name] !== undefined,
  );
  if (keyword !== 'format' && keyword !== 'pattern') return null;
  if (other !== undefined) return says(beside ?? other, `cannot be kept together with ${keyword}`);
  const value = schema[keyword];
  if (typeof value !== 'string') return says(keyword, 'must be a text');
  if (keyword === 'format') {
    const known = Object.keys(formatPatterns);
    return known.includes(value) ? null : says('format', `may be ${known.join(', ')}`);
  }
  try {
    jsonPattern(value);
    return null;
  } catch (error) {
    if (error instanceof ReadingProblem) return says('pattern', `cannot be read: ${error.message}`);
    throw error;
  }
}

function partsObjection(schema: Schema, path: string, says: Says): SchemaObjection | null {
  const { properties, required, additionalProperties, items, prefixItems } = schema;
  if (properties !== undefined && !isSchema(properties)) return says('properties', 'must be an object');
  const names = Object.keys(properties ?? {});
  // eslint-disable-next-line no-control-regex -- JSON escapes these
  const escaped = names.find((name) => /["\\\u0000-\u001f]/.test(name));
  if (escaped !== undefined) {
    return says('properties', `has the name ${quoted(escaped)}, which JSON would have to escape`);
  }
  if (required !== undefined) {
    if (!Array.isArray(required)) return says('required', 'must be a list of names');
    const missing: unknown = required.find((name) => !names.includes(name as string));
    if (missing !== undefined) {
      return says('required', `names ${quoted(missing)}, which is not among the properties`);
    }
  }
  if (additionalProperties !== undefined && additionalProperties !== false) {
    // A name could come twice: once as the property, and once among the additional ones.
    if (names.length > 0) return says('additionalProperties', 'must be false beside properties');
    const found = schemaObjection(additionalProperties, `${path}/additionalProperties`);
    if (found) return found;
  }
  if (items !== undefined && items !== false) {
    const found = schemaObjection(items, `${path}/items`);
    if (found) return found;
  }
  if (prefixItems !== undefined) {
    if (!Array.isArray(prefixItems)) return says('prefixItems', 'must be a list of schemas');
    const found = firstOf(prefixItems as unknown as Schema, `${path}/prefixItems`);
    if (found) return found;
  }
  return properties === undefined ? null : firstOf(properties, `${path}/properties`);
}
