/** A second model or engine beside the page's own, and what one prompt came to on both. */
import type { LoadProgress } from '../../engines/contract.ts';
import type { EngineSummary } from '../../worker/api/models_api.ts';
import type { LineDistances } from '../../worker/texts/distances.ts';
import type { Line } from '../texts/line.ts';

export type SecondStatus =
  | { readonly phase: 'none' }
  | { readonly phase: 'loading'; readonly name: string; readonly progress: LoadProgress | null }
  | { readonly phase: 'ready'; readonly summary: EngineSummary }
  | { readonly phase: 'failed'; readonly message: string };

/** One prompt, the same knobs and the same seed on two engines. */
export interface Duel {
  /** The engines by name, the page's own first. */
  readonly names: readonly [string, string];
  readonly lines: readonly [Line, Line];
  /** Null until both have ended, or where there are none. */
  readonly distances: LineDistances | null;
  /** Why there are no distances, as a sentence. */
  readonly incomparable: string | null;
}

interface Snapshot {
  readonly second: SecondStatus;
  readonly duel: Duel | null;
  readonly problem: string | null;
}

class AcrossState {
  #second: SecondStatus = $state.raw({ phase: 'none' });
  #duel: Duel | null = $state.raw(null);
  #problem: string | null = $state.raw(null);

  get second(): SecondStatus {
    return this.#second;
  }
  get duel(): Duel | null {
    return this.#duel;
  }
  get problem(): string | null {
    return this.#problem;
  }

  /** What is not named stays. */
  change(patch: Partial<Snapshot>): void {
    if (patch.second !== undefined) this.#second = patch.second;
    if (patch.duel !== undefined) this.#duel = patch.duel;
    if (patch.problem !== undefined) this.#problem = patch.problem;
  }
}

export const across = new AcrossState();
