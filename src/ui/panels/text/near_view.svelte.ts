/**
 * Long texts: 131,072 tokens with a span each would block the page for more than a minute. So only the chunks near the view
 * draw their tokens. A far chunk is an empty block about as high as its text.
 */
import type { Chunk, PageText } from '../../../playground/texts/text.ts';

/** A text of up to this many chunks is drawn whole. */
const DRAWN_WHOLE = 48;

/** How far beyond the edges of the window a chunk still counts as near. */
const MARGIN = '1500px 0px';

/** A guess. The height of a far chunk becomes right when the chunk is drawn. */
const UNITS_PER_LINE = 60;

export interface NearView {
  /** Whether the tokens of this chunk are drawn. */
  drawn(chunk: Chunk): boolean;
  /** Changes with the set of chunks that are drawn. */
  readonly key: string;
}

/** The height of a chunk that is not drawn, in lines. */
export function guessedLines({ tokens }: Chunk): number {
  let texts = 0;
  let units = 0;
  for (const { piece } of tokens) {
    units += piece.length;
    if (!piece.includes('\n')) continue;
    texts += Math.max(1, Math.ceil(units / UNITS_PER_LINE)) + piece.split('\n').length - 2;
    units = 0;
  }
  return Math.max(1, texts + Math.ceil(units / UNITS_PER_LINE));
}

/**
 * Keeps track of which chunks of a line are near the view. Call it while the component that draws them is being set up.
 * @param box holds one `.chunk` element per chunk, in order
 * @param kept a position whose chunk is always drawn, or null
 */
export function nearView(box: () => HTMLElement, text: () => PageText, kept: () => number | null): NearView {
  /** Starts of the chunks that are near. */
  let near: readonly number[] = $state.raw([]);
  const whole = $derived(text().chunks.length <= DRAWN_WHOLE);
  const id = $derived(text().id);
  const count = $derived(text().chunks.length);

  $effect(() => {
    if (whole) return;
    void id;
    const starts = new WeakMap<Element, number>();
    const observer = new IntersectionObserver(
      (entries) => {
        const told = entries.map(({ target }) => starts.get(target)!);
        const come = told.filter((_, i) => entries[i]!.isIntersecting);
        near = [...near.filter((start) => !told.includes(start)), ...come];
      },
      // The text may scroll by itself or with the page.
      { rootMargin: MARGIN, scrollMargin: MARGIN },
    );
    let observed = 0;
    $effect(() => {
      const elements = box().querySelectorAll(':scope > .chunk');
      const { chunks } = text();
      for (; observed < count; observed++) {
        const element = elements[observed];
        if (!element) break;
        starts.set(element, chunks[observed]!.start);
        observer.observe(element);
      }
    });
    return () => {
      observer.disconnect();
      near = [];
    };
  });

  const holds = ({ start, tokens }: Chunk, position: number | null): boolean =>
    position !== null && position >= start && position < start + tokens.length;

  return {
    drawn: (chunk) => whole || near.includes(chunk.start) || holds(chunk, kept()),
    get key() {
      return whole ? '' : near.join();
    },
  };
}
