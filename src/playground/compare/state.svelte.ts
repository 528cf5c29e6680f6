/**
 * The state of the comparison, changed by name as the playground's is. The lanes' parameters and the method are settings, so that
 * a link carries them; here is what came of running them, and how it is looked at.
 */
import type { BranchResult, RunResult, StopConditions, Strategy } from '../../decoding/events.ts';
import type { KvUsage } from '../../engines/contract.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { TokenText } from '../../worker/api/worker_api.ts';
import type { LaneDistributions, TemperatureStrip } from '../../worker/api/views.ts';
import { outputTokens, type Line } from '../texts/line.ts';
import type { Recorded, RecordedModel } from '../texts/recorded.ts';
import { Holding } from '../texts/store.svelte.ts';
import type { LanePatch, Settings } from '../settings.ts';
import { playground } from '../state.svelte.ts';
import { partings, samePartings, type Output, type Partings } from './divergence.ts';
import type { Method } from '../method.ts';

/** The lanes run again one after another, to be held against the batch. */
export interface Alone {
  /** Decode time of all lanes together, and the tokens that they gave. */
  readonly decodeMs: number;
  readonly tokens: number;
  /** Lanes whose text came out otherwise than in the batch. */
  readonly different: readonly number[];
  readonly lanes: number;
}

/** One run of several lanes, or of a strategy's branches. */
export interface Comparison {
  /** Never given out before: names it in the history. */
  readonly id: number;
  /** As they stood when it was run: a link and the history send them along. */
  readonly settings: Settings;
  readonly strategy: Strategy;
  readonly prompt: readonly TokenText[];
  /** Of the branches of a strategy. */
  readonly params: SamplingParams;
  /** What each lane changes in them; empty for the branches of a strategy. */
  readonly patches: readonly LanePatch[];
  readonly sharedLuck: boolean;
  readonly stop: StopConditions;
  /** What runs it; of one from a record its texts' `Recorded` says so. */
  readonly model?: RecordedModel;
  /** In order of lanes or branches; `lane` is the index, but for beams of a record, which has not all of them. */
  readonly lines: readonly Line[];
  /** What each lane changed. */
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
type Plan = Omit<Comparison, 'lines'>;

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

  readonly comparison: Comparison | null = $derived(this.#plan && { ...this.#plan, lines: this.#held.texts });
  readonly #outputs: readonly Output[] = $derived(
    // Beams part by their nature, and are many: their tree says where.
    (this.comparison?.strategy.kind === 'beam' ? [] : (this.comparison?.lines ?? [])).map((line) => ({
      tokens: outputTokens(line),
      ended: line.reason !== null,
    })),
  );
  /** Stays the same object while nothing parts anew, so that a streamed token does not stir what hangs on it. */
  #lastPartings: Partings = partings([]);
  readonly partings: Partings = $derived.by(() => {
    const now = partings(this.#outputs);
    if (!samePartings(now, this.#lastPartings)) this.#lastPartings = now;
    return this.#lastPartings;
  });
  /** The place that the charts show. */
  readonly position: number | null = $derived.by(() => {
    const lines = this.comparison?.lines ?? [];
    if (lines.length === 0) return null;
    const longest = Math.max(...lines.map(({ length }) => length));
    const { promptLength } = lines[0]!;
    if (longest === promptLength) return null;
    // With nothing held: where the lanes first part, for there is most to see.
    const free = promptLength + this.partings.common;
    return Math.min(this.#selected ?? free, longest - 1);
  });

  // Derived, so that whoever reads it does not hang on the comparison, which is another with each streamed token.
  readonly #focused = $derived(Math.min(this.#focus, Math.max(0, (this.comparison?.lines.length ?? 1) - 1)));

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

  /** Another comparison makes room for this one, and is looked at no longer. */
  begin({ lines, ...plan }: Comparison, recordOf?: (text: Line) => Recorded | null): void {
    this.clear();
    this.#plan = plan;
    this.#held.add(lines, recordOf);
  }

  clear(): void {
    this.#plan = null;
    this.#held.ids = [];
    this.distributions = null;
    this.strip = null;
    this.look(null, 0);
  }

  /** What is known of it now. */
  learn(patch: Partial<Plan>): void {
    if (this.#plan) this.#plan = { ...this.#plan, ...patch };
  }

  /** A text that its strategy began. */
  addBranch(text: Line, difference: string): void {
    this.#held.add([text]);
    this.learn({ differences: [...(this.#plan?.differences ?? []), difference] });
  }

  look(position: number | null, lane: number): void {
    this.#selected = position;
    this.#focus = lane;
  }
}

export const compare = new CompareState();
