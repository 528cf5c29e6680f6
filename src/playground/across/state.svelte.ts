/** A second model or engine beside the page's own, and the texts that both wrote from one prompt. */
import type { LoadProgress } from '../../engines/contract.ts';
import type { EngineSummary } from '../../worker/api/models_api.ts';
import type { TextId } from '../../worker/api/worker_api.ts';
import type { TextDistances } from '../../worker/texts/distances.ts';
import type { PageText } from '../texts/text.ts';
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
  readonly summaries: readonly [EngineSummary, EngineSummary];
  readonly texts: readonly [PageText, PageText];
  /** Null until both texts have ended, or if there are none. */
  readonly distances: TextDistances | null;
  /** Why there are no distances, as a sentence. */
  readonly incomparable: string | null;
}

class AcrossState {
  problem: string | null = $state.raw(null);
  #second: SecondStatus = $state.raw({ phase: 'none' });
  #plan: Omit<Duel, 'texts'> | null = $state.raw(null);
  readonly #held = new Holding();

  readonly duel: Duel | null = $derived.by(() => {
    const [first, second] = this.#held.texts;
    return this.#plan && first && second ? { ...this.#plan, texts: [first, second] } : null;
  });

  get second(): SecondStatus {
    return this.#second;
  }

  /** Also removes the texts of the second model before. */
  setSecond(second: SecondStatus): void {
    if (second.phase === 'none' || second.phase === 'loading') this.clear();
    this.#second = second;
  }

  begin({ texts, ...plan }: Duel): void {
    this.clear();
    this.#plan = plan;
    this.#held.add(texts);
  }

  clear(): void {
    this.#plan = null;
    this.#held.ids = [];
    this.problem = null;
  }

  /** Stores the distances of the duel whose first text is `text`; a duel that began meanwhile stays unchanged. */
  measured(text: TextId, distances: Pick<Duel, 'distances' | 'incomparable'>): void {
    if (this.#plan && this.#held.ids[0] === text) this.#plan = { ...this.#plan, ...distances };
  }
}

export const across = new AcrossState();
