/** The values of a link by name, and sentences about those that could not be read. */
import * as v from 'valibot';
import type { Pair } from './query.ts';

export class LinkValues {
  readonly problems: string[] = [];
  readonly #values = new Map<string, string[]>();
  readonly #asked = new Set<string>();

  constructor(readonly pairs: readonly Pair[]) {
    for (const [key, value] of pairs) {
      const name = canonical(key);
      this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
    }
  }

  /** Every value of a name, in order; empty if the link does not have it. */
  all(name: string): readonly string[] {
    this.#asked.add(name);
    return this.#values.get(name) ?? [];
  }

  /** The last value of a name. */
  last(name: string): string | undefined {
    return this.all(name).at(-1);
  }

  /** The parsed last value if it fits the schema; else `fallback`, with a sentence in `problems`. */
  read<T>(
    name: string,
    schema: v.GenericSchema<unknown, T>,
    fallback: T,
    parse: (text: string) => unknown = (text) => text,
  ): T {
    const text = this.last(name);
    return text === undefined ? fallback : (this.check(name, text, schema, parse(text)) ?? fallback);
  }

  /** The value if it fits the schema; else undefined, with a sentence in `problems`. */
  check<T>(name: string, text: string, schema: v.GenericSchema<unknown, T>, value: unknown): T | undefined {
    const result = v.safeParse(schema, value);
    if (result.success) return result.output;
    this.refuse(name, text, wantedBy(schema as Described));
    return undefined;
  }

  refuse(name: string, text: string, wanted?: string): void {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    this.problems.push(
      `The link says ${name}=${shown}, ${wanted ?? 'which this page cannot use'}; the default is used.`,
    );
  }

  /** Names that were never read. */
  unknown(): readonly string[] {
    return [...this.#values.keys()].filter((name) => !this.#asked.has(name));
  }
}

/** `Top-P` is `top_p`; `temperature` is `t`. */
function canonical(key: string): string {
  const name = key.trim().toLowerCase().replaceAll('-', '_');
  return name === 'temperature' ? 't' : name;
}

/** What a schema exposes at run time. */
interface Described {
  readonly options?: readonly unknown[];
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
}

/** What a schema requires, in words; undefined if words would say little. */
function wantedBy(schema: Described): string | undefined {
  const { options, pipe = [] } = schema;
  if (options?.every((option) => typeof option === 'string')) return `but it is one of ${options.join(', ')}`;
  const bound = (type: string): unknown => pipe.find((item) => item.type === type)?.requirement;
  const [min, max] = [bound('min_value'), bound('max_value')];
  if (typeof min !== 'number' || typeof max !== 'number') return undefined;
  const whole = pipe.some(({ type }) => type === 'integer');
  return `but it is a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
}
