import { EngineError } from '../../contract.ts';
import type { KernelContext } from '../kernels/context.ts';
import type { Variants } from '../kernels/variants.ts';
import { attentionCase, type AttentionNeed } from './attention.ts';
import type { Case, Verdict } from './case.ts';
import { type Detour, DETOURS } from './detours.ts';
import { productCase, type ProductNeed } from './product.ts';
import { runCases } from './run_cases.ts';
import { smallCase, type SmallNeed } from './small_cases.ts';
import type { TakenDetour, Verdicts, VerdictStore } from './verdicts.ts';

/** A kernel that a model will use. */
export type Need = ProductNeed | AttentionNeed | SmallNeed;

/** What a plan needs depends on the variants in use. */
export type Needs = (variants: Variants) => readonly Need[];

/** Verdicts expire after this time, because the driver may have been updated. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

interface Failure {
  readonly test: Case;
  readonly verdict: Verdict;
}

/**
 * Runs each kernel variant over a small problem with a known answer before a model uses it. If a result is wrong, it tries detours
 * until the results are right.
 */
export class SelfTest {
  #variants: Variants;
  #proven = new Set<string>();
  #known: readonly TakenDetour[] = [];
  readonly #taken: TakenDetour[] = [];
  #turn: Promise<void> = Promise.resolve();
  #ms = 0;

  /** @param context its variants are the fastest ones, with which the test begins */
  private constructor(
    private readonly context: KernelContext,
    private readonly store: VerdictStore,
    private readonly key: string,
  ) {
    this.#variants = context;
  }

  /** @param context with the preferred variants @param key names adapter, browser and shaders */
  static async open(context: KernelContext, store: VerdictStore, key: string): Promise<SelfTest> {
    const test = new SelfTest(context, store, key);
    const verdicts = await store.get(key).catch(() => undefined);
    if (verdicts && Date.now() - verdicts.since < KEPT_MS) {
      test.#proven = new Set(verdicts.proven);
      test.#known = verdicts.detours;
    }
    return test;
  }

  /** The variants in use. They change only within `prove`. */
  get variants(): Variants {
    return this.#variants;
  }

  /** For the machine view. */
  get report() {
    return { ms: this.#ms, checks: this.#proven.size, detours: this.#taken.map(({ sentence }) => sentence) };
  }

  /**
   * Ensures that everything in `needs` computes right results.
   * @param running a model already runs: only detours that leave its earlier results valid may be taken
   * @throws EngineError `wrong-results` if no detour helps
   */
  prove(needs: Needs, running = false): Promise<void> {
    const result = this.#turn.then(() => this.#prove(needs, running));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #prove(needs: Needs, running: boolean): Promise<void> {
    const provenBefore = this.#proven.size;
    const start = this.#now();
    this.#takeKnown(needs, running);
    let failures = await this.#failures(this.#variants, needs);
    if (this.#proven.size === provenBefore && failures.length === 0) return;
    while (failures.length > 0) failures = await this.#goRound(failures, needs, running);
    this.#ms += this.#now() - start;
    const verdicts: Verdicts = {
      proven: [...this.#proven],
      detours: [...this.#known, ...this.#taken.filter((taken) => !this.#known.includes(taken))],
      since: Date.now(),
    };
    await this.store.set(this.key, verdicts).catch(() => undefined);
  }

  /** A clock that excludes compiling, which the model needs as well. */
  #now(): number {
    return performance.now() - this.context.pipelines.compilingMs;
  }

  /** Takes the detours that an earlier load found for these same cases. */
  #takeKnown(needs: Needs, running: boolean): void {
    for (const known of this.#known) {
      const detour = DETOURS.find(({ name }) => name === known.name);
      const names = new Set(needs(this.#variants).map((need) => caseOf(need).name));
      const changed = detour?.change(this.#variants);
      if (!detour || !changed || (running && !detour.later)) continue;
      if (known.cases.some((name) => names.has(name))) this.#take(known, changed);
    }
  }

  #take(taken: TakenDetour, variants: Variants): void {
    this.#taken.push(taken);
    this.#variants = variants;
  }

  async #failures(variants: Variants, needs: Needs): Promise<Failure[]> {
    const key = (test: Case) => `${test.name} | ${variantsKey(variants)}`;
    const cases = new Map(
      needs(variants)
        .map(caseOf)
        .map((test) => [test.name, test]),
    );
    const open = [...cases.values()].filter((test) => !this.#proven.has(key(test)));
    if (open.length === 0) return [];
    const verdicts = await runCases({ ...this.context, ...variants }, open);
    return open.flatMap((test, i) => {
      const verdict = verdicts[i]!;
      if (verdict !== 'right') return [{ test, verdict }];
      this.#proven.add(key(test));
      return [];
    });
  }

  /** Takes the first detour that fixes something, or as many as are needed. @returns what is still wrong */
  async #goRound(failures: readonly Failure[], needs: Needs, running: boolean): Promise<Failure[]> {
    const allowed = DETOURS.filter((detour) => !running || detour.later);
    const uneven = failures.every(({ verdict }) => verdict === 'uneven');
    // If a failed case has the name of a detour, that detour comes first.
    const named = allowed.filter(({ name }) => failures.some(({ test }) => test.name === name));
    const first = uneven
      ? allowed.filter(({ name }) => name === 'shapes')
      : [...named, ...allowed.filter((detour) => !named.includes(detour))];
    for (const detour of first) {
      const changed = detour.change(this.#variants);
      if (!changed) continue;
      const left = await this.#failures(changed, needs);
      if (subjects(left).size >= subjects(failures).size) continue;
      this.#take(takenFor(detour, failures, left), changed);
      return left;
    }
    // No single detour helps. If all of them together do, combine them one by one until nothing is wrong.
    let variants = this.#variants;
    const together: Detour[] = [];
    const all = allowed.reduce((v, { change }) => change(v) ?? v, variants);
    const hopeless = uneven || (await this.#failures(all, needs)).length > 0;
    for (const detour of hopeless ? [] : allowed) {
      const changed = detour.change(variants);
      if (!changed) continue;
      variants = changed;
      together.push(detour);
      const left = await this.#failures(variants, needs);
      if (left.length > 0) continue;
      for (const one of together) this.#taken.push(takenFor(one, failures, []));
      this.#variants = variants;
      return [];
    }
    throw new EngineError(
      'wrong-results',
      `This graphics adapter gets ${[...subjects(failures)].join(' and ')} wrong in every way that the engine knows; update the graphics driver, or choose a model in another format.`,
    );
  }
}

export function caseOf(need: Need): Case {
  if (need.kind === 'product') return productCase(need);
  return need.kind === 'attention' ? attentionCase(need) : smallCase(need);
}

function subjects(failures: readonly Failure[]): Set<string> {
  return new Set(failures.map(({ test }) => test.what));
}

/** @param left what is still wrong with the detour taken */
function takenFor(detour: Detour, failures: readonly Failure[], left: readonly Failure[]): TakenDetour {
  const still = subjects(left);
  const mended = failures.filter(({ test }) => !still.has(test.what));
  return {
    name: detour.name,
    cases: mended.map(({ test }) => test.name),
    sentence: detour.sentence([...subjects(mended)].join(' and ')),
  };
}

function variantsKey({ reducer, f16, integerHalves, subgroupSize }: Variants): string {
  return [reducer, subgroupSize, f16 ? 'f16' : '', integerHalves ? 'integer halves' : ''].join(' ');
}
