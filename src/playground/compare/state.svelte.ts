/**
 * The state of the comparison, with named changes like the playground's. The lanes' parameters and the method are settings,
 * because a link carries them; this state holds the results of running them, and the selection.
 */
import type { BranchResult, RunResult, StopConditions, Strategy } from '../../decoding/events.ts';
import type { KvUsage } from '../../engines/contract.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { TokenText } from '../../worker/api/worker_api.ts';
import type { LaneDistributions, TemperatureStrip } from '../../worker/api/views.ts';
import { outputTokens, type PageText } from '../texts/text.ts';
import type { Recorded, RecordedModel } from '../texts/recorded.ts';
import { Holding } from '../texts/store.svelte.ts';
import type { LanePatch, Settings } from '../settings.ts';
import { playground } from '../state.svelte.ts';
import { partings, samePartings, type Output, type Partings } from './divergence.ts';
import type { Method } from '../method.ts';

/** The result of running the lanes again one after another, for comparison with the batch. */
export interface Alone {
  /** Total decode time of all lanes, and the number of their tokens. */
  readonly decodeMs: number;
  readonly tokens: number;
  /** Lanes whose text differs from the batch's. */
  readonly different: readonly number[];
  readonly lanes: number;
}

/** One run of several lanes, or of a strategy's branches. */
export interface Comparison {
  /** A new number, which names the comparison in the history. */
  readonly id: number;
  /** The settings of the run, for links and the history. */
  readonly settings: Settings;
  readonly strategy: Strategy;
  readonly prompt: readonly TokenText[];
  /** The parameters of a strategy's branches, or those that the lanes change. */
  readonly params: SamplingParams;
  /** Each lane's changes to `params`; empty for a strategy. */
  readonly patches: readonly LanePatch[];
  readonly sharedLuck: boolean;
  readonly stop: StopConditions;
  /** The model that ran it. For a comparison from a record, the `Recorded` of its texts names the model. */
  readonly model?: RecordedModel;
  /** In order of lanes or branches. `lane` is the index, except for beams from a record, which does not keep all of them. */
  readonly texts: readonly PageText[];
  /** The label of each lane's changes. */
  readonly differences: readonly string[];
  /** The most KV pages in use at once. */
  readonly usage: KvUsage | null;
  /** Null while it runs. */
  readonly result: RunResult | null;
  readonly alone: Alone | null;
  /** After a beam search: the same prompt and chain with the best token at each step. */
  readonly greedy: BranchResult | null;
}

/** A comparison holds its texts by id. */
type Plan = Omit<Comparison, 'texts'>;

interface PlacedDistributions {
  readonly position: number;
  readonly views: LaneDistributions;
}

class CompareState {
  distributions: PlacedDistributions | null = $state.raw(null);
  strip: TemperatureStrip | null = $state.raw(null);
  measuring: boolean = $state.raw(false);
  #plan: Plan | null = $state.raw(null);
  readonly #held = new Holding();
  #selected: number | null = $state.raw(null);
  #focus = $state.raw(0);

  readonly comparison: Comparison | null = $derived(this.#plan && { ...this.#plan, texts: this.#held.texts });
  readonly #outputs: readonly Output[] = $derived(
    // Beams always part, and there are many; their tree shows where.
    (this.comparison?.strategy.kind === 'beam' ? [] : (this.comparison?.texts ?? [])).map((text) => ({
      tokens: outputTokens(text),
      ended: text.reason !== null,
    })),
  );
  /** The same object until a new parting, so that its readers do not re-render with each streamed token. */
  #lastPartings: Partings = partings([]);
  readonly partings: Partings = $derived.by(() => {
    const now = partings(this.#outputs);
    if (!samePartings(now, this.#lastPartings)) this.#lastPartings = now;
    return this.#lastPartings;
  });
  /** The place that the charts show. */
  readonly position: number | null = $derived.by(() => {
    const texts = this.comparison?.texts ?? [];
    if (texts.length === 0) return null;
    const longest = Math.max(...texts.map(({ length }) => length));
    const { promptLength } = texts[0]!;
    if (longest === promptLength) return null;
    // Without a held place, the charts show where the lanes first part.
    const free = promptLength + this.partings.common;
    return Math.min(this.#selected ?? free, longest - 1);
  });

  // Derived, so that readers do not re-render when a streamed token replaces the comparison object.
  readonly #focused = $derived(Math.min(this.#focus, Math.max(0, (this.comparison?.texts.length ?? 1) - 1)));

  get method(): Method {
    return playground.settings.method;
  }
  get sharedLuck(): boolean {
    return playground.settings.sharedLuck;
  }
  get selected(): number | null {
    return this.#selected;
  }
  get focus(): number {
    return this.#focused;
  }

  /** Replaces the comparison on view. */
  begin({ texts, ...plan }: Comparison, recordOf?: (text: PageText) => Recorded | null): void {
    this.clear();
    this.#plan = plan;
    this.#held.add(texts, recordOf);
  }

  clear(): void {
    this.#plan = null;
    this.#held.ids = [];
    this.distributions = null;
    this.strip = null;
    this.look(null, 0);
  }

  /** Updates the comparison on view. */
  learn(patch: Partial<Plan>): void {
    if (this.#plan) this.#plan = { ...this.#plan, ...patch };
  }

  /** Adds a text that the strategy began. */
  addBranch(text: PageText, difference: string): void {
    this.#held.add([text]);
    this.learn({ differences: [...(this.#plan?.differences ?? []), difference] });
  }

  look(position: number | null, lane: number): void {
    this.#selected = position;
    this.#focus = lane;
  }
}

export const compare = new CompareState();
