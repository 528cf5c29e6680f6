/**
 * Sweeps over the vocabulary that turn logits into weights. They are separate functions because engines compile small functions
 * whole, whereas a long method falls back to the interpreter as soon as its loop ends.
 */
import { SamplingError } from './errors.ts';
import { exp, expInRange, SMALLEST } from './exp.ts';

/**
 * One sweep over raw logits: copies them to f64 and weighs each against the largest. Four independent sums, so that no addition
 * waits for the one before, make it a third faster.
 * @returns Σ weight, Σ weight · (logit − max), and how many tokens weigh nothing
 */
export function weighAll(
  raw: Float32Array,
  max: number,
  logits: Float64Array,
  weights: Float64Array,
): { total: number; weighted: number; weightless: number } {
  const weigh = expInRange;
  let total = 0;
  let totalB = 0;
  let totalC = 0;
  let totalD = 0;
  let weighted = 0;
  let weightedB = 0;
  let weightedC = 0;
  let weightedD = 0;
  let weightless = 0;
  const even = raw.length & ~3;
  for (let id = 0; id < even; id += 4) {
    // Adding 0 turns −0 into 0.
    const a = raw[id]! + 0;
    const b = raw[id + 1]! + 0;
    const c = raw[id + 2]! + 0;
    const d = raw[id + 3]! + 0;
    let weightA = 0;
    let weightB = 0;
    let weightC = 0;
    let weightD = 0;
    if (a - max < SMALLEST) weightless++;
    else {
      weightA = weigh(a - max);
      total += weightA;
      weighted += weightA * (a - max);
    }
    if (b - max < SMALLEST) weightless++;
    else {
      weightB = weigh(b - max);
      totalB += weightB;
      weightedB += weightB * (b - max);
    }
    if (c - max < SMALLEST) weightless++;
    else {
      weightC = weigh(c - max);
      totalC += weightC;
      weightedC += weightC * (c - max);
    }
    if (d - max < SMALLEST) weightless++;
    else {
      weightD = weigh(d - max);
      totalD += weightD;
      weightedD += weightD * (d - max);
    }
    logits[id] = a;
    logits[id + 1] = b;
    logits[id + 2] = c;
    logits[id + 3] = d;
    weights[id] = weightA;
    weights[id + 1] = weightB;
    weights[id + 2] = weightC;
    weights[id + 3] = weightD;
  }
  for (let id = even; id < raw.length; id++) {
    const logit = raw[id]! + 0;
    const weight = exp(logit - max);
    logits[id] = logit;
    weights[id] = weight;
    total += weight;
    if (weight > 0) weighted += weight * (logit - max);
    else weightless++;
  }
  return {
    total: total + totalB + (totalC + totalD),
    weighted: weighted + weightedB + (weightedC + weightedD),
    weightless,
  };
}

/** @returns Σ weight of the ids given */
export function weighSome(
  ids: Uint32Array,
  count: number,
  logits: Float64Array,
  shift: number,
  weights: Float64Array,
): number {
  const weigh = exp;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const id = ids[i]!;
    const weight = weigh(logits[id]! - shift);
    weights[id] = weight;
    total += weight;
  }
  return total;
}

/** The largest logit; NaN is skipped. Four independent maxima, so that no comparison waits for the one before. */
export function largest(raw: Float32Array): number {
  let a = -Infinity;
  let b = a;
  let c = a;
  let d = a;
  const even = raw.length & ~3;
  for (let i = 0; i < even; i += 4) {
    if (raw[i]! > a) a = raw[i]!;
    if (raw[i + 1]! > b) b = raw[i + 1]!;
    if (raw[i + 2]! > c) c = raw[i + 2]!;
    if (raw[i + 3]! > d) d = raw[i + 3]!;
  }
  for (let i = even; i < raw.length; i++) if (raw[i]! > a) a = raw[i]!;
  return Math.max(a, b, c, d);
}

/** @throws SamplingError that says what is wrong with logits whose exponentials have no sum */
export function rejectLogits(raw: Float32Array, position: number): never {
  const id = raw.findIndex((logit) => Number.isNaN(logit) || logit === Infinity);
  if (id < 0) {
    throw new SamplingError(
      'no-candidates',
      `Every logit at position ${position} is −∞, so no token can be drawn; reload the model.`,
    );
  }
  const value = Number.isNaN(raw[id]) ? 'NaN' : '+∞';
  throw new SamplingError(
    'bad-logit',
    `The logit of token ${id} at position ${position} is ${value}, so no token can be drawn; reload the model, or choose another one.`,
  );
}
