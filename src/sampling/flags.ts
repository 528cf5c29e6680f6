/** Headless flags of the chain, derived from the parameter table: `--top-p 0.9 --order top_k,temperature --off min_p`. */
import { SamplingError } from './errors.ts';
import { defaultParams, PARAMETERS, type ParameterRow } from './parameter_table.ts';
import { DEFAULT_ORDER, STAGES, type LogitBias, type SamplingParams, type StageName } from './params.ts';
import { PARAMS_PRESETS } from './presets.ts';
import { checkParams } from './validate.ts';

/** The flags that were understood; all other arguments are left for other parsers. */
export interface ParsedFlags<T> {
  readonly value: T;
  /** Arguments that are no flags of the chain, in order. */
  readonly rest: readonly string[];
}

export interface FlagHelp {
  readonly flag: string;
  readonly value: string;
  readonly help: string;
}

function flagOf({ name }: ParameterRow): string {
  return `--${name.replaceAll('_', '-')}`;
}

const NUMBERS: ReadonlyMap<string, ParameterRow> = new Map(PARAMETERS.map((entry) => [flagOf(entry), entry]));

const TEXTS = ['--preset', '--order', '--off', '--logit-bias', '--dry-breaker'] as const;
type TextFlag = (typeof TEXTS)[number];

const TEXT_HELP: Readonly<Record<TextFlag, Omit<FlagHelp, 'flag'>>> = {
  '--preset': {
    value: PARAMS_PRESETS.map(({ id }) => id).join(' | '),
    help: 'Begin with this preset’s values; the other flags change them.',
  },
  '--order': {
    value: 'stage,stage…',
    help: `Stages of the chain in order; default ${DEFAULT_ORDER.join(',')}.`,
  },
  '--off': { value: 'stage,stage…', help: 'Stages that do not run.' },
  '--logit-bias': {
    value: 'token:bias,…',
    help: 'Add to the logits of these token ids; "ban" for −∞.',
  },
  '--dry-breaker': {
    value: 'text',
    help: 'A text that DRY does not look for repeats across; may be given many times.',
  },
};

/** Every flag with its range and its sentence, for `--help`. */
export function paramFlagHelp(): FlagHelp[] {
  return [
    ...PARAMETERS.map((entry) => ({
      flag: flagOf(entry),
      value: `${entry.min} … ${entry.max}, default ${entry.default}`,
      help: entry.help,
    })),
    ...TEXTS.map((flag) => ({ flag, ...TEXT_HELP[flag] })),
  ];
}

/**
 * @param argv arguments as `--flag value` or `--flag=value`
 * @throws SamplingError `bad-parameter`, naming the flag, its value and what it may be
 */
export function paramsFromFlags(argv: readonly string[]): ParsedFlags<SamplingParams> {
  const { given, rest } = collectFlags(
    argv,
    (flag) => NUMBERS.has(flag) || TEXTS.some((text) => text === flag),
  );
  let params = presetOf(given.findLast(([flag]) => flag === '--preset')?.[1]);
  const breakers: string[] = [];
  for (const [flag, value] of given) {
    const entry = NUMBERS.get(flag);
    if (entry) params = { ...params, [entry.key]: numberFlag(flag, value, entry) };
    else if (flag === '--order') params = { ...params, order: stagesOf(flag, value) };
    else if (flag === '--off') params = { ...params, off: stagesOf(flag, value) };
    else if (flag === '--logit-bias') params = { ...params, logitBias: biasesOf(value) };
    else if (flag === '--dry-breaker') breakers.push(value);
  }
  if (breakers.length > 0) params = { ...params, dryBreakers: breakers };
  checkParams(params);
  return { value: params, rest };
}

/** Separates the arguments that `known` names, with their values, from the rest. */
export function collectFlags(
  argv: readonly string[],
  known: (flag: string) => boolean,
): { given: [flag: string, value: string][]; rest: string[] } {
  const given: [string, string][] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    const equals = argument.indexOf('=');
    const flag = argument.startsWith('--') && equals > 0 ? argument.slice(0, equals) : argument;
    if (!known(flag)) {
      rest.push(argument);
      continue;
    }
    const value = flag === argument ? argv[++i] : argument.slice(equals + 1);
    if (value === undefined) {
      throw new SamplingError('bad-parameter', `${flag} has no value; write one after it.`);
    }
    given.push([flag, value]);
  }
  return { given, rest };
}

/** @throws SamplingError `bad-parameter` */
export function numberFlag(
  flag: string,
  text: string,
  range: { readonly min: number; readonly max: number; readonly integer: boolean },
): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= range.min && value <= range.max && (!range.integer || Number.isInteger(value))) return value;
  throw new SamplingError(
    'bad-parameter',
    `${flag} is "${text}", but must be a ${range.integer ? 'whole ' : ''}number from ${range.min} to ${range.max}.`,
  );
}

function presetOf(id: string | undefined): SamplingParams {
  if (id === undefined) return defaultParams();
  const preset = PARAMS_PRESETS.find((known) => known.id === id);
  if (preset) return preset.params;
  const ids = PARAMS_PRESETS.map((known) => known.id).join(', ');
  throw new SamplingError('bad-parameter', `--preset is "${id}", but must be one of ${ids}.`);
}

function stagesOf(flag: string, text: string): StageName[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const name = part.trim();
      if (Object.hasOwn(STAGES, name)) return name as StageName;
      throw new SamplingError(
        'bad-parameter',
        `${flag} names "${name}", which is not a stage; the stages are ${Object.keys(STAGES).join(', ')}.`,
      );
    });
}

function biasesOf(text: string): LogitBias[] {
  return text.split(',').map((part) => {
    const match = /^\s*(\d+)\s*[:=]\s*(ban|-inf|[+-]?\d+(?:\.\d+)?)\s*$/.exec(part);
    if (match === null) {
      throw new SamplingError(
        'bad-parameter',
        `--logit-bias has "${part}", but must be pairs like 42:-1.5 or 42:ban, separated by commas.`,
      );
    }
    const bias = match[2] === 'ban' || match[2] === '-inf' ? -Infinity : Number(match[2]);
    return { token: Number(match[1]), bias };
  });
}
