/** The texts of the playground and what is on view. A shown step always belongs to the shown text. */
import type { SamplingParams } from '../../sampling/params.ts';
import type { TextId, Rederived } from '../../worker/api/worker_api.ts';
import type { CandidateRow, StepView } from '../../worker/api/views.ts';
import type { PageText } from './text.ts';
import type { Recorded } from './recorded.ts';
import { Holding, texts } from './store.svelte.ts';

/** What the current knobs make of a finished text. */
export interface Overlay {
  readonly text: TextId;
  readonly params: SamplingParams;
  readonly rederived: Rederived;
}

/** The inspected step. */
export interface Inspected {
  readonly text: TextId;
  readonly position: number;
  readonly view: StepView;
}

export interface Picked {
  readonly text: TextId;
  readonly position: number;
  readonly row: CandidateRow;
}

/** A lane or a beam has no parent here, whatever it has in its comparison. */
type Standing = Pick<PageText, 'id' | 'lane' | 'parent' | 'forkedAt' | 'stream' | 'drawn'>;

export class ShownTexts {
  readonly #held = new Holding();
  #standing: readonly Standing[] = $state.raw([]);
  readonly #stood = new WeakMap<PageText, PageText>();
  #current: TextId | null = $state.raw(null);
  #selected: number | null = $state.raw(null);
  #hovered: number | null = $state.raw(null);
  #overlay: Overlay | null = $state.raw(null);
  #inspected: Inspected | null = $state.raw(null);
  #picked: Picked | null = $state.raw(null);

  readonly texts: readonly PageText[] = $derived(this.#held.texts.map((text) => this.#asItStands(text)));
  /** The text on view. */
  readonly text: PageText | null = $derived(this.texts.find((text) => text.id === this.#current) ?? null);
  /** The origin of the text on view; null if it was made here. */
  readonly recordedText: Recorded | null = $derived(texts.recordOf(this.text?.id));
  /** The position on view: the hovered token, the selected one, or the last. */
  readonly position: number | null = $derived.by(() => {
    const text = this.text;
    if (!text || text.length === 0) return null;
    return Math.min(this.#hovered ?? this.#selected ?? text.length - 1, text.length);
  });

  get current(): TextId | null {
    return this.#current;
  }
  get selected(): number | null {
    return this.#selected;
  }
  get hovered(): number | null {
    return this.#hovered;
  }
  get overlay(): Overlay | null {
    return this.#overlay;
  }
  get inspected(): Inspected | null {
    return this.#inspected;
  }
  get picked(): Picked | null {
    return this.#picked;
  }
  /**
   * The position that the inspector shows, which is that of the newest answer. It falls behind `position` while text streams, and
   * until a new position is answered.
   */
  get shownPosition(): number | null {
    return this.#inspected?.position ?? this.position;
  }

  /** Adds texts. @param recordOf origin of each text */
  addTexts(added: readonly PageText[], recordOf?: (text: PageText) => Recorded | null): void {
    this.#held.add(added, recordOf);
    this.#settle();
  }

  clearTexts(): void {
    this.#held.ids = [];
    this.#settle();
  }

  /** Shows a text of the store here too. */
  holdText(id: TextId): void {
    this.#held.ids = [...this.#held.ids.filter((other) => other !== id), id];
    this.#settle();
  }

  /** Shows a text of another view here, without its parent. */
  holdAlone(standing: Standing): void {
    this.#standing = [...this.#standing.filter(({ id }) => id !== standing.id), standing];
    this.holdText(standing.id);
  }

  /** Removes a text. Its branches move up to its parent. */
  removeText(id: TextId): void {
    const parent = this.texts.find((text) => text.id === id)?.parent ?? null;
    this.#adopt(id, parent);
    this.#held.ids = this.#held.ids.filter((other) => other !== id);
    this.#settle();
  }

  /** Replaces a text by one that extends it, which takes over its place, its branches and the view. */
  replaceText(before: TextId, after: TextId): void {
    this.#adopt(before, after);
    this.#held.ids = this.#held.ids.map((id) => (id === before ? after : id));
    if (this.#current === before) this.#current = after;
    this.pick(null);
    if (this.#inspected?.text === before) this.#inspected = { ...this.#inspected, text: after };
    if (this.#overlay?.text === before) this.#overlay = null;
  }

  /** Shows a text from its end, and clears what was found out about the previous one. */
  show(id: TextId | null, selected: number | null = null): void {
    if (id !== this.#current) {
      this.#current = id;
      this.#overlay = null;
      this.#inspected = null;
      this.#picked = null;
    }
    this.select(selected);
  }

  /** Selects a position of the text on view; null follows its end. */
  select(position: number | null): void {
    this.#selected = position;
    this.#hovered = null;
  }

  /** Previews a position without selecting it. */
  hover(position: number | null): void {
    this.#hovered = position;
  }

  /** Shows an inspected step, unless it belongs to another text than the one on view. */
  showStep(inspected: Inspected | null): void {
    if (inspected === null || inspected.text === this.#current) this.#inspected = inspected;
  }

  showOverlay(overlay: Overlay | null): void {
    if (overlay === null || overlay.text === this.#current) this.#overlay = overlay;
  }

  pick(picked: Picked | null): void {
    this.#picked = picked;
    if (picked) this.select(picked.position);
  }

  /** Makes sure that the text on view is one on the page. */
  #settle(): void {
    const { ids } = this.#held;
    if (this.#standing.some(({ id }) => !ids.includes(id)))
      this.#standing = this.#standing.filter(({ id }) => ids.includes(id));
    if (this.#current === null || !ids.includes(this.#current)) this.show(ids.at(-1) ?? null);
  }

  #adopt(before: TextId, parent: TextId | null): void {
    for (const text of this.texts)
      if (text.parent === before) texts.change(text.id, (text) => ({ ...text, parent }));
  }

  /** Returns the same object for the same text. */
  #asItStands(text: PageText): PageText {
    const standing = this.#standing.find(({ id }) => id === text.id);
    if (!standing) return text;
    const stood = this.#stood.get(text) ?? { ...text, ...standing };
    this.#stood.set(text, stood);
    return stood;
  }
}
