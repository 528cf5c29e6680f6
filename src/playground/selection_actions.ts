/** Selects a text and one of its tokens. */
import type { TextId } from '../worker/api/worker_api.ts';
import { playground } from './state.svelte.ts';

/** Holds a position of the text on view; its length stands for the token that would come next. */
export function select(position: number | null): void {
  playground.select(position);
}

/** Previews a position without holding it. */
export function hover(position: number | null): void {
  if (playground.hovered !== position) playground.hover(position);
}

/** Moves the held position; ±Infinity goes to the ends. */
export function moveSelection(by: number): void {
  const { text, selected } = playground;
  if (!text || text.length === 0) return;
  const last = text.length - 1;
  const from = selected ?? last;
  const to = by === Infinity ? last : by === -Infinity ? 0 : Math.min(last, Math.max(0, from + by));
  select(to);
}

export function showText(id: TextId): void {
  const text = playground.texts.find((candidate) => candidate.id === id);
  const { selected } = playground;
  // A held position that both texts have stays held, so that two branches can be compared there.
  const keep = text && selected !== null && selected < text.length ? selected : null;
  if (text) playground.show(id, keep);
}
