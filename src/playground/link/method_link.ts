/** What a comparison runs, in a link: `strategy=best-of-n&n=8&score=shortest`, and `luck=own` for lanes that draw apart. */
import * as v from 'valibot';
import { defaultMethod, type Method } from '../method.ts';
import type { Settings } from '../settings.ts';
import { methodFields } from '../settings_schema.ts';
import type { Pair } from './query.ts';
import type { LinkValues } from './values.ts';

/** The names of the headless flags, where there is one. */
const names: readonly (readonly [key: keyof Method, name: string])[] = [
  ['kind', 'strategy'],
  ['samples', 'n'],
  ['score', 'score'],
  ['verifier', 'verify'],
  ['pattern', 'pattern'],
  ['shortest', 'shortest'],
  ['longest', 'longest'],
  ['extractor', 'answer'],
  ['answerPattern', 'answer_pattern'],
  ['width', 'width'],
  ['lengthPenalty', 'length_penalty'],
];

export function writeMethod({ method, sharedLuck }: Pick<Settings, 'method' | 'sharedLuck'>): Pair[] {
  const defaults = defaultMethod();
  const pairs = names
    .filter(([key]) => method[key] !== defaults[key])
    .map(([key, name]): Pair => [name, String(method[key])]);
  return sharedLuck ? pairs : [...pairs, ['luck', 'own']];
}

export function readMethod(values: LinkValues): Pick<Settings, 'method' | 'sharedLuck'> {
  const defaults = defaultMethod();
  const read = ([key, name]: (typeof names)[number]): readonly [keyof Method, unknown] => {
    const schema: v.GenericSchema<unknown, unknown> = methodFields[key];
    const parse = typeof defaults[key] === 'number' ? numberOf : (text: string) => text;
    return [key, values.read<unknown>(name, schema, defaults[key], parse)];
  };
  return {
    method: Object.fromEntries(names.map(read)) as unknown as Method,
    sharedLuck: values.read('luck', v.picklist(['shared', 'own']), 'shared') === 'shared',
  };
}

function numberOf(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}
