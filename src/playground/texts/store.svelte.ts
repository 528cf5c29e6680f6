/**
 * The texts of the page, each once, by id. Views hold ids. A text that no view holds is forgotten, here and in the worker. A streamed
 * token updates only the readers of its text.
 */
import type { StopReason } from '../../decoding/events.ts';
import type { TextId } from '../../worker/api/worker_api.ts';
import { tell } from '../connection.ts';
import { ended, type PageText } from './text.ts';
import type { Recorded } from './recorded.ts';

class Cell {
  text: PageText;
  recorded: Recorded | null;

  constructor(text: PageText, recorded: Recorded | null) {
    this.text = $state.raw(text);
    this.recorded = $state.raw(recorded);
  }
}

class TextStore {
  readonly #cells = new Map<TextId, Cell>();

  get(id: TextId): PageText | undefined {
    return this.#cells.get(id)?.text;
  }

  all(): PageText[] {
    return [...this.#cells.values()].map(({ text }) => text);
  }

  /** The origin of a text from a record; null for one that was made here. */
  recordOf(id: TextId | undefined): Recorded | null {
    return (id !== undefined && this.#cells.get(id)?.recorded) || null;
  }

  /** The caller must hold the text next. */
  put(text: PageText, recorded: Recorded | null = null): void {
    this.#cells.set(text.id, new Cell(text, recorded));
  }

  /** Changes nothing if the text is gone. */
  change(id: TextId, change: (text: PageText) => PageText): void {
    const cell = this.#cells.get(id);
    if (cell) cell.text = change(cell.text);
  }

  changeRecord(id: TextId, patch: Partial<Recorded>): void {
    const cell = this.#cells.get(id);
    if (cell?.recorded) cell.recorded = { ...cell.recorded, ...patch };
  }

  /** Gives a text whose run is over a reason, if no event gave one. */
  end(ids: Iterable<TextId>, reason: StopReason): void {
    for (const id of ids) this.change(id, (text) => ended(text, reason));
  }

  endAll(): void {
    this.end(this.#cells.keys(), 'stopped');
  }

  forget(id: TextId): void {
    const { slot } = this.get(id) ?? {};
    this.#cells.delete(id);
    tell((asked) => asked.forget(id), slot);
  }
}

export const texts = new TextStore();

const holdings: Holding[] = [];

/** The ids that a view holds, in its order. */
export class Holding {
  #ids: readonly TextId[] = $state.raw([]);
  readonly #texts = $derived(this.#ids.flatMap((id) => texts.get(id) ?? []));

  constructor() {
    holdings.push(this);
  }

  get ids(): readonly TextId[] {
    return this.#ids;
  }

  get texts(): readonly PageText[] {
    return this.#texts;
  }

  /** Forgets texts that no view holds. */
  set ids(ids: readonly TextId[]) {
    const before = this.#ids;
    this.#ids = ids;
    for (const id of before) if (!holdings.some((holding) => holding.ids.includes(id))) texts.forget(id);
  }

  add(added: readonly PageText[], recordOf: (text: PageText) => Recorded | null = () => null): void {
    for (const text of added) texts.put(text, recordOf(text));
    this.#ids = [...this.#ids, ...added.map(({ id }) => id)];
  }
}
