/**
 * Sampling parameters in a link. A number is `top_p=0.9`. If lanes differ in it, it is a list, `t=0.2,0.8,1.4`, in which an empty
 * place means the common value; a common value that is not the default stands before the list, `t=1;0.2,,1.4`. Other parameters
 * are `order=…`, and `order.2=…` for the second lane alone.
 */
import { firstParams, PARAMETERS, type ParameterRow } from '../../sampling/parameter_table.ts';
import type { Grammar, LogitBias, SamplingParams } from '../../sampling/params.ts';
import type { LanePatch, Settings } from '../settings.ts';
import {
  dryBreakersSchema,
  grammarSchema,
  logitBiasSchema,
  numberSchema,
  orderSchema,
  stagesSchema,
} from '../settings_schema.ts';
import { maxEntries, maxLanes } from '../limits.ts';
import { nameOf, parameterName } from '../parameter_names.ts';
import type { Pair } from './query.ts';
import type { LinkValues } from './values.ts';

type Common = Pick<Settings, 'params' | 'lanes'>;

/** Written even at their defaults, because people edit these two first. The seed also ends the link with a digit. */
const always: readonly string[] = ['temperature', 'seed'];

/** How parameters that are not numbers are written. */
const texts = {
  order: {
    write: (value: SamplingParams['order']) => [value.join(',')],
    read: (values: readonly string[]) => commaList(values.at(-1) ?? ''),
    schema: orderSchema,
  },
  off: {
    write: (value: SamplingParams['off']) => [value.join(',')],
    read: (values: readonly string[]) => commaList(values.at(-1) ?? ''),
    schema: stagesSchema,
  },
  logitBias: {
    write: (value: SamplingParams['logitBias']) => [value.map(writeBias).join(',')],
    read: (values: readonly string[]) => commaList(values.at(-1) ?? '').map(readBias),
    schema: logitBiasSchema,
  },
  dryBreakers: {
    // One pair per breaker, because a breaker may have a comma. A single empty one means none.
    write: (value: SamplingParams['dryBreakers']) => (value.length === 0 ? [''] : value),
    read: (values: readonly string[]) => (values.length === 1 && values[0] === '' ? [] : values),
    schema: dryBreakersSchema,
  },
  grammar: {
    write: (value: SamplingParams['grammar']) => [value === null ? 'none' : `${value.kind}:${value.source}`],
    read: (values: readonly string[]) => readGrammar(values.at(-1) ?? ''),
    schema: grammarSchema,
  },
} as const;

type TextKey = keyof typeof texts;
const textKeys = Object.keys(texts) as TextKey[];

export function writeParams({ params, lanes }: Common): Pair[] {
  const defaults = firstParams();
  const pairs: Pair[] = [];
  for (const key of textKeys) {
    const name = parameterName(key);
    const write = texts[key].write as (value: unknown) => readonly string[];
    if (JSON.stringify(params[key]) !== JSON.stringify(defaults[key])) {
      for (const text of write(params[key])) pairs.push([name, text]);
    }
    lanes.forEach((lane, index) => {
      if (lane[key] === undefined) return;
      for (const text of write(lane[key])) pairs.push([`${name}.${index + 1}`, text]);
    });
  }
  let listed = false;
  const numbers: Pair[] = [];
  for (const row of PARAMETERS) {
    const { key } = row;
    const common = params[key] === row.default ? '' : String(params[key]);
    if (lanes.some((lane) => lane[key] !== undefined)) {
      const list = lanes.map((lane) => (lane[key] === undefined ? '' : String(lane[key]))).join(',');
      numbers.push([nameOf(row), common === '' && lanes.length > 1 ? list : `${common};${list}`]);
      listed = true;
    } else if (common !== '' || always.includes(key)) {
      numbers.push([nameOf(row), String(params[key])]);
    }
  }
  if (!listed && lanes.length > 1) pairs.push(['lanes', String(lanes.length)]);
  return [...pairs, ...numbers];
}

export function readParams(values: LinkValues): Common {
  const params = { ...firstParams() } as { -readonly [K in keyof SamplingParams]: SamplingParams[K] };
  const patches: LanePatch[] = Array.from({ length: laneCount(values) }, () => ({}));
  const patch = (lane: number, change: LanePatch): void => {
    if (lane < patches.length) patches[lane] = { ...patches[lane], ...change };
  };
  for (const row of PARAMETERS) {
    const text = values.last(nameOf(row));
    if (text === undefined) continue;
    const { common, lanes } = numberList(text);
    if (common !== '') params[row.key] = numberOf(values, row, common) ?? row.default;
    lanes.slice(0, maxLanes).forEach((value, lane) => {
      if (value === '') return;
      patch(lane, { [row.key]: numberOf(values, row, value) ?? row.default });
    });
  }
  for (const key of textKeys) {
    const { read, schema } = texts[key];
    const name = parameterName(key);
    const valueOf = (full: string): LanePatch => {
      const given = values.all(full);
      if (given.length === 0) return {};
      const value = values.check<unknown>(full, given.join(' '), schema, read(given));
      return value === undefined ? {} : { [key]: value };
    };
    Object.assign(params, valueOf(name));
    patches.forEach((_, lane) => patch(lane, valueOf(`${name}.${lane + 1}`)));
  }
  return { params, lanes: patches };
}

/** The number that `lanes` gives, or the length of the longest list. */
function laneCount(values: LinkValues): number {
  const lists = PARAMETERS.map((row) => {
    const text = values.last(nameOf(row));
    return text === undefined ? 0 : numberList(text).lanes.length;
  });
  const text = values.last('lanes');
  const said = text === undefined ? 1 : Number(text);
  const usable = Number.isInteger(said) && said >= 1;
  if (!usable) values.refuse('lanes', text ?? '', `but lanes are counted from 1 to ${maxLanes}`);
  const wanted = Math.max(1, usable ? said : 1, ...lists);
  if (wanted > maxLanes) {
    values.problems.push(`The link asks for ${wanted} lanes; the first ${maxLanes} are taken.`);
  }
  return Math.min(maxLanes, wanted);
}

function numberList(text: string): { common: string; lanes: readonly string[] } {
  const at = text.indexOf(';');
  if (at >= 0) return { common: text.slice(0, at), lanes: text.slice(at + 1).split(',') };
  const lanes = text.split(',');
  return lanes.length > 1 ? { common: '', lanes } : { common: text, lanes: [] };
}

function numberOf(values: LinkValues, row: ParameterRow, text: string): number | undefined {
  const value = text.trim() === '' ? NaN : Number(text);
  const fits = values.check(nameOf(row), text, numberSchema(row), value);
  if (fits === undefined) {
    values.problems.pop();
    const kind = row.integer ? 'a whole number' : 'a number';
    values.refuse(nameOf(row), text, `but it is ${kind} from ${row.min} to ${row.max}`);
  }
  return fits;
}

/** Splits off one entry more than is allowed, which is enough to refuse the list. */
function commaList(text: string): string[] {
  return text === '' ? [] : text.split(',', maxEntries + 1).map((part) => part.trim());
}

function writeBias({ token, bias }: LogitBias): string {
  return `${token}:${bias === -Infinity ? 'ban' : String(bias)}`;
}

function readBias(text: string): unknown {
  const match = /^(\d+):(ban|[+-]?[\d.]+(?:e[+-]?\d+)?)$/.exec(text);
  if (!match) return text;
  return { token: Number(match[1]), bias: match[2] === 'ban' ? 'ban' : Number(match[2]) };
}

function readGrammar(text: string): unknown {
  if (text === 'none') return null;
  const colon = text.indexOf(':');
  return { kind: text.slice(0, Math.max(0, colon)), source: text.slice(colon + 1) } satisfies Record<
    keyof Grammar,
    string
  >;
}
