/**
 * Samplers written like their papers and llama.cpp's source, over lists that are sorted whole at every step: the oracle of
 * the sampling tests. They are slow, allocate, and share nothing with the library.
 */

export interface PlainCandidate {
  readonly id: number;
  readonly logit: number;
}

export type PlainStage = (candidates: readonly PlainCandidate[]) => PlainCandidate[];

export function plainCandidates(logits: ArrayLike<number>): PlainCandidate[] {
  return Array.from(logits, (logit, id) => ({ id, logit })).filter(({ logit }) => logit > -Infinity);
}

/** Logit descending, ties by id. */
function sorted(candidates: readonly PlainCandidate[]): PlainCandidate[] {
  return [...candidates].sort((a, b) => b.logit - a.logit || a.id - b.id);
}

/** Probabilities in the order of the list. */
export function plainSoftmax(candidates: readonly PlainCandidate[]): number[] {
  const max = Math.max(...candidates.map(({ logit }) => logit));
  const weights = candidates.map(({ logit }) => Math.exp(logit - max));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

export function plainEntropy(candidates: readonly PlainCandidate[]): number {
  return plainSoftmax(candidates).reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
}

export const plainTopK =
  (k: number): PlainStage =>
  (candidates) =>
    k <= 0 ? [...candidates] : sorted(candidates).slice(0, k);

export const plainTopP =
  (p: number, minKeep = 0): PlainStage =>
  (candidates) => {
    if (p >= 1) return [...candidates];
    const order = sorted(candidates);
    const probabilities = plainSoftmax(order);
    let sum = 0;
    for (let i = 0; i < order.length; i++) {
      sum += probabilities[i]!;
      if (sum >= p && i + 1 >= minKeep) return order.slice(0, i + 1);
    }
    return order;
  };

export const plainMinP =
  (p: number, minKeep = 0): PlainStage =>
  (candidates) => {
    if (p <= 0) return [...candidates];
    const order = sorted(candidates);
    const bound = order[0]!.logit + Math.log(p);
    return order.filter(({ logit }, i) => i === 0 || i < minKeep || logit >= bound);
  };

/** KoboldAI's `TopALogitsWarper`: removes p < a · p_max². */
export const plainTopA =
  (a: number): PlainStage =>
  (candidates) => {
    const probabilities = plainSoftmax(candidates);
    const bound = a * Math.max(...probabilities) ** 2;
    return candidates.filter((_, i) => probabilities[i]! >= bound);
  };

export const plainTypicalP =
  (p: number, minKeep = 0): PlainStage =>
  (candidates) => {
    if (p >= 1) return [...candidates];
    const entropy = plainEntropy(candidates);
    const probabilities = plainSoftmax(candidates);
    const order = candidates
      .map((candidate, i) => ({
        candidate,
        p: probabilities[i]!,
        distance: probabilities[i]! > 0 ? Math.abs(-Math.log(probabilities[i]!) - entropy) : Infinity,
      }))
      .sort((a, b) => a.distance - b.distance || a.candidate.id - b.candidate.id);
    let sum = 0;
    const kept: PlainCandidate[] = [];
    for (const { candidate, p: probability } of order) {
      kept.push(candidate);
      sum += probability;
      if (sum > p && kept.length >= minKeep) break;
    }
    return kept;
  };

export const plainTopNSigma =
  (n: number): PlainStage =>
  (candidates) => {
    if (n <= 0 || candidates.length <= 1) return [...candidates];
    const logits = candidates.map(({ logit }) => logit);
    const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
    const variance = logits.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / logits.length;
    const bound = Math.max(...logits) - n * Math.sqrt(variance);
    return candidates.filter(({ logit }) => logit >= bound);
  };

/** XTC at a step where it strikes. */
export const plainXtc =
  (threshold: number, minKeep = 0): PlainStage =>
  (candidates) => {
    if (threshold > 0.5 || candidates.length < 2) return [...candidates];
    const order = sorted(candidates);
    const probabilities = plainSoftmax(order);
    const likely = probabilities.filter((p) => p >= threshold).length;
    const rest = order.slice(Math.max(0, likely - 1));
    return rest.length >= minKeep ? rest : order;
  };

export const plainTemperature =
  (t: number, range = 0, exponent = 1): PlainStage =>
  (candidates) => {
    let heat = t;
    if (range > 0) {
      if (candidates.length <= 1) return [...candidates];
      const low = Math.max(0, t - range);
      const share = plainEntropy(candidates) / Math.log(candidates.length);
      heat = low + (t + range - low) * share ** exponent;
    }
    if (heat <= 0) return sorted(candidates).slice(0, 1);
    return candidates.map(({ id, logit }) => ({ id, logit: logit / heat }));
  };

export const plainPenalties =
  (
    history: readonly number[],
    lastN: number,
    repeat: number,
    frequency: number,
    presence: number,
  ): PlainStage =>
  (candidates) => {
    const window = lastN < 0 ? history : lastN === 0 ? [] : history.slice(-lastN);
    return candidates.map(({ id, logit }) => {
      const count = window.filter((token) => token === id).length;
      if (count === 0) return { id, logit };
      const repeated = logit <= 0 ? logit * repeat : logit / repeat;
      return { id, logit: repeated - count * frequency - presence };
    });
  };

/** DRY without breakers, which tries every earlier place where the text's end may have occurred. */
export const plainDry =
  (
    history: readonly number[],
    multiplier: number,
    base: number,
    allowed: number,
    lastN: number,
  ): PlainStage =>
  (candidates) => {
    const window = lastN < 0 ? history : history.slice(-lastN);
    if (lastN === 0 || window.length <= allowed) return [...candidates];
    const longest = new Map<number, number>();
    for (let next = 1; next < window.length; next++) {
      let length = 0;
      while (length < next && window[next - 1 - length] === window[window.length - 1 - length]) length++;
      const token = window[next]!;
      longest.set(token, Math.max(longest.get(token) ?? 0, length));
    }
    const cap = base > 1.000001 ? Math.floor(88.7228391 / Math.log(base)) : Infinity;
    return candidates.map(({ id, logit }) => {
      const length = longest.get(id) ?? 0;
      if (length < allowed) return { id, logit };
      return { id, logit: logit - multiplier * base ** Math.min(length - allowed, cap) };
    });
  };

/** The first in order whose running sum exceeds u. */
export function plainDraw(candidates: readonly PlainCandidate[], u: number): number {
  const order = sorted(candidates);
  const probabilities = plainSoftmax(order);
  let sum = 0;
  for (const [i, { id }] of order.entries()) {
    sum += probabilities[i]!;
    if (sum > u) return id;
  }
  return order.at(-1)!.id;
}
