/** Any chain that a link may ask for, on any logits that a model may compute. */
import { NEVER_ALIVE } from '../../../src/sampling/candidates.ts';
import { defaultParams, PARAMETERS, type ParameterRow } from '../../../src/sampling/parameter_table.ts';
import { DEFAULT_ORDER, type SamplingParams } from '../../../src/sampling/params.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { finalLogprob } from '../../../src/sampling/trace_view.ts';
import { checkParams } from '../../../src/sampling/validate.ts';
import type { Chance } from '../chance.ts';
import { hold, type Subject } from '../subject.ts';

interface Step {
  readonly params: SamplingParams;
  readonly logits: readonly number[];
  readonly history: readonly number[];
  readonly allowed: readonly number[] | null;
  readonly u: number | null;
}

export function samplerSteps(): Promise<Subject<Step>> {
  return Promise.resolve({
    name: 'sampler steps',
    cases: 1_000_000,
    few: 8000,
    generate: (chance) => {
      const logits = anyLogits(chance);
      const size = logits.length;
      return {
        params: anyParams(chance, size),
        logits,
        history: chance.several(0, 30, () => chance.below(Math.min(size, 12))),
        allowed: chance.oneIn(4) ? chance.several(1, 1 + (size >> 5), () => chance.below(2 ** 32) | 0) : null,
        u: chance.oneIn(10) ? chance.pick([0, 1 - 2 ** -53, 0.5]) : null,
      };
    },
    judge: ({ params, logits, history, allowed, u }) => {
      const vocabularySize = logits.length;
      checkParams(params, vocabularySize);
      const raw = Float32Array.from(logits);
      const sampler = new Sampler(params, { vocabularySize, dryBreakers: new Map() });
      const clone = sampler.clone();
      const step = {
        history,
        position: history.length,
        allowed:
          allowed && Int32Array.from({ length: (vocabularySize + 31) >> 5 }, (_, i) => allowed[i] ?? -1),
        ...(u === null ? {} : { u }),
      };
      const draw = sampler.sample(raw, step);
      const trace = sampler.trace();
      hold(trace.fate[draw.token] === 0, `token ${draw.token} is dead`);
      let alive = trace.fate.filter((fate) => fate !== NEVER_ALIVE).length;
      for (const [i, stage] of trace.stages.entries()) {
        hold(stage.before === alive, `${stage.stage} begins with ${stage.before}, not ${alive}`);
        alive = stage.after;
        const removed = trace.fate.filter((fate) => fate === i + 1).length;
        hold(removed === stage.before - stage.after, `${stage.stage} removed ${removed}`);
        hold(stage.massRemoved >= 0 && stage.massRemoved <= 1, `${stage.stage} removed ${stage.massRemoved}`);
      }
      hold(trace.kept === alive, `${trace.kept} were kept, ${alive} live`);
      let mass = 0;
      for (let id = 0; id < vocabularySize; id++) mass += Math.exp(finalLogprob(trace, id));
      hold(Math.abs(mass - 1) < 1e-9, `the final probabilities add up to ${mass}`);
      hold(
        trace.finalEntropy >= 0 && trace.finalEntropy <= Math.log(alive) + 1e-9,
        `entropy ${trace.finalEntropy}`,
      );
      hold(trace.rawEntropy >= 0, `raw entropy ${trace.rawEntropy}`);
      const again = clone.sample(raw, step);
      hold(
        again.token === draw.token && again.finalLogNormaliser === draw.finalLogNormaliser,
        'a clone differs',
      );
      clone.accept(again.token);
      return 'accepted';
    },
  });
}

function anyParams(chance: Chance, size: number): SamplingParams {
  const numbers = PARAMETERS.map((row) => [row.key, anyNumber(row, chance)] as const);
  const order = [...DEFAULT_ORDER];
  for (let n = chance.oneIn(2) ? 0 : 6; n > 0; n--) {
    order.splice(chance.below(order.length), 0, ...order.splice(chance.below(order.length), 1));
  }
  return {
    ...defaultParams(),
    ...Object.fromEntries(numbers),
    order,
    off: DEFAULT_ORDER.filter(() => chance.oneIn(4)),
    logitBias: chance.several(0, 3, () => ({
      token: chance.below(size),
      bias: chance.pick([-Infinity, -1e6, 1e6, 4 - chance.below(9)]),
    })),
  };
}

function anyNumber(
  { min, max, sliderMin, sliderMax, integer, default: usual }: ParameterRow,
  chance: Chance,
): number {
  switch (chance.below(8)) {
    case 0:
      return min;
    case 1:
      return chance.oneIn(4) ? max : sliderMax;
    case 2: {
      const tiny = Math.max(min, 10 ** -chance.below(308));
      return integer ? Math.ceil(Math.min(max, Math.max(min, chance.below(3)))) : Math.min(max, tiny);
    }
    case 3:
    case 4: {
      const value = sliderMin + chance.uniform() * (Math.min(sliderMax, 1000) - sliderMin);
      return integer ? Math.round(value) : value;
    }
    default:
      return usual;
  }
}

function anyLogits(chance: Chance): number[] {
  const scale = chance.pick([0.1, 1, 5, 30]);
  const size = chance.oneIn(20) ? 1 + chance.below(3) : 2 + chance.below(80);
  const logits = Array.from({ length: size }, () => (chance.uniform() + chance.uniform() - 1) * 2 * scale);
  const odd = chance.below(12);
  if (odd === 0) logits.fill(chance.pick([0, -3.4e38, 3.4e38, 7]));
  else if (odd < 4) {
    const value = chance.pick([
      -Infinity,
      -Infinity,
      -0,
      3e38,
      -3e38,
      1e-45,
      logits[0]!,
      chance.oneIn(9) ? NaN : 80,
    ]);
    for (let n = chance.below(size); n >= 0; n--) logits[chance.below(size)] = value;
  }
  return logits;
}
