/**
 * A schema that allows no more than the given one, and that XGrammar 0.1.27 handles correctly: integers have both bounds and are
 * written as words (`integer_range.ts`); formats and patterns are in its dialect.
 */
import { integerWord } from './integer_range.ts';
import { formatPatterns, jsonPattern } from './json_pattern.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Bound on integers: every reader of JSON represents them exactly up to here. */
const largest = 999_999_999_999_999;

/** @param schema one that `schemaObjection` accepts */
export function narrowed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(narrowed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const out: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (['properties', '$defs', 'definitions'].includes(keyword)) out[keyword] = eachOf(value as Schema);
    else if (['items', 'prefixItems', 'additionalProperties', 'anyOf', 'allOf'].includes(keyword)) {
      out[keyword] = narrowed(value);
    } else if (keyword === 'pattern') out[keyword] = jsonPattern(value as string);
    else if (keyword === 'format') out['pattern'] = jsonPattern(formatPatterns[value as string]!);
    else out[keyword] = value;
  }
  return [out['type']].flat().includes('integer') && !('enum' in out) && !('const' in out)
    ? bounded(out)
    : out;
}

function eachOf(schemas: Schema): Schema {
  return Object.fromEntries(Object.entries(schemas).map(([name, each]) => [name, narrowed(each)]));
}

/** If the schema allows other types beside integers, they stay allowed. */
function bounded(schema: Schema): Schema {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...rest } = schema as Record<
    string,
    number | undefined
  >;
  const least = Math.max(minimum ?? -largest, (exclusiveMinimum ?? -Infinity) + 1, -largest);
  const most = Math.min(maximum ?? largest, (exclusiveMaximum ?? Infinity) - 1, largest);
  const integers = least <= most ? [{ const: integerWord(least, most) }] : [];
  const types = [schema['type']].flat().filter((type) => type !== 'integer');
  const others = types.length > 0 ? [{ ...rest, type: types }] : [];
  return { anyOf: [...integers, ...others] };
}
