/** A second model or engine beside the page's own, and what one prompt came to on both. */
import type { LoadProgress } from '../../engines/contract.ts';
import type { EngineSummary } from '../../worker/api/models_api.ts';
import type { LineId } from '../../worker/api/worker_api.ts';
import type { LineDistances } from '../../worker/texts/distances.ts';
import type { Line } from '../texts/line.ts';
import { Holding } from '../texts/store.svelte.ts';

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

class AcrossState {
  problem: string | null = $state.raw(null);
  #second: SecondStatus = $state.raw({ phase: 'none' });
  #plan: Omit<Duel, 'lines'> | null = $state.raw(null);
  readonly #held = new Holding();

  readonly duel: Duel | null = $derived.by(() => {
    const [first, second] = this.#held.texts;
    return this.#plan && first && second ? { ...this.#plan, lines: [first, second] } : null;
  });

  get second(): SecondStatus {
    return this.#second;
  }

  /** What both ran was of the model that makes room. */
  setSecond(second: SecondStatus): void {
    if (second.phase === 'none' || second.phase === 'loading') this.clear();
    this.#second = second;
  }

  begin({ lines, ...plan }: Duel): void {
    this.clear();
    this.#plan = plan;
    this.#held.add(lines);
  }

  clear(): void {
    this.#plan = null;
    this.#held.ids = [];
    this.problem = null;
  }

  /** Of the duel whose first text is `line`; another one that was begun meanwhile stays as it is. */
  measured(line: LineId, distances: Pick<Duel, 'distances' | 'incomparable'>): void {
    if (this.#plan && this.#held.ids[0] === line) this.#plan = { ...this.#plan, ...distances };
  }
}

export const across = new AcrossState();
