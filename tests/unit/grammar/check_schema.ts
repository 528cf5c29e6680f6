/** The part of JSON Schema (2020-12) that the tests use, written from the specification, independent of grammars. */
export type Schema = boolean | { readonly [keyword: string]: unknown };

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: isTime,
  'date-time': (text) => isDate(text.slice(0, 10)) && text[10] === 'T' && isTime(text.slice(11)),
  uuid: (text) => /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text),
  ipv4: (text) =>
    text.split('.').length === 4 &&
    text.split('.').every((part) => String(Number(part)) === part && Number(part) < 256),
};

/** The calendar decides, not a pattern. */
function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(time).toISOString().startsWith(text);
}

function isTime(text: string): boolean {
  return (
    /^\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(`2000-01-01T${text}`))
  );
}

/** @returns what is wrong with the value, or null */
export function schemaFault(value: unknown, schema: Schema, root: Schema = schema): string | null {
  if (typeof schema === 'boolean') return schema ? null : 'nothing is allowed here';
  const fault = (words: string): string => `${JSON.stringify(value)}: ${words}`;
  const is = (type: unknown): boolean => {
    if (type === 'null') return value === null;
    if (type === 'array') return Array.isArray(value);
    if (type === 'integer') return Number.isInteger(value);
    if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
    return typeof value === type;
  };
  const { $ref, type } = schema;
  if (typeof $ref === 'string') {
    let target: unknown = root;
    for (const part of $ref.split('/').slice(1)) target = (target as Record<string, unknown>)[part];
    const inner = schemaFault(value, target as Schema, root);
    if (inner !== null) return inner;
  }
  if (type !== undefined && ![type].flat().some(is)) return fault(`is not ${String(type)}`);
  const same = (other: unknown): boolean => JSON.stringify(other) === JSON.stringify(value);
  if ('const' in schema && !same(schema['const'])) return fault('is not the const');
  if (Array.isArray(schema['enum']) && !schema['enum'].some(same)) return fault('is not of the enum');
  if (Array.isArray(schema['anyOf'])) {
    const found = (schema['anyOf'] as Schema[]).some((each) => schemaFault(value, each, root) === null);
    if (!found) return fault('is none of anyOf');
  }
  const bound = (keyword: string): number | undefined => schema[keyword] as number | undefined;
  if (typeof value === 'number') {
    if (value < (bound('minimum') ?? -Infinity) || value > (bound('maximum') ?? Infinity))
      return fault('bounds');
    if (value <= (bound('exclusiveMinimum') ?? -Infinity)) return fault('exclusiveMinimum');
    if (value >= (bound('exclusiveMaximum') ?? Infinity)) return fault('exclusiveMaximum');
  }
  if (typeof value === 'string') {
    const length = [...value].length;
    if (length < (bound('minLength') ?? 0) || length > (bound('maxLength') ?? Infinity))
      return fault('length');
    const format = schema['format'] as string | undefined;
    if (format !== undefined && !formats[format]!(value)) return fault(`is no ${format}`);
    const pattern = schema['pattern'] as string | undefined;
    if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return fault('pattern');
  }
  if (Array.isArray(value)) {
    if (value.length < (bound('minItems') ?? 0) || value.length > (bound('maxItems') ?? Infinity))
      return fault('number of items');
    const first = (schema['prefixItems'] ?? []) as Schema[];
    for (const [index, item] of value.entries()) {
      const wrong = schemaFault(item, first[index] ?? (schema['items'] as Schema | undefined) ?? true, root);
      if (wrong !== null) return wrong;
    }
  }
  if (is('object')) {
    const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
    for (const name of (schema['required'] ?? []) as string[]) {
      if (!Object.hasOwn(value as object, name)) return fault(`lacks ${name}`);
    }
    for (const [name, part] of Object.entries(value as object)) {
      const rule = properties[name] ?? (schema['additionalProperties'] as Schema | undefined) ?? true;
      const wrong = schemaFault(part, rule, root);
      if (wrong !== null) return wrong;
    }
  }
  return null;
}
