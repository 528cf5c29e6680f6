/**
 * A browser lays out a whole paragraph again for each streamed token, in time proportional to its length: at two thousand
 * tokens that takes a frame. So each chunk is a block of its own. It is pulled up by one line and indented to where the last
 * line of the chunk before it ends. The text still reads as one paragraph, and only the last chunk is laid out as it streams.
 */
import type { PageText } from '../../../playground/texts/text.ts';

/** Letters that run from right to left. The pieces of a line then stand in another order than its tokens. */
const rightToLeft = /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc]/;

const known = new WeakMap<PageText['chunks'][number], boolean>();

/** Whether the chunks cannot be blocks: a browser orders mixed directions line by line, across chunks. */
export function mustStayInline(text: PageText): boolean {
  return text.chunks.some((chunk) => {
    const found = known.get(chunk) ?? chunk.tokens.some(({ piece }) => rightToLeft.test(piece));
    known.set(chunk, found);
    return found;
  });
}

/**
 * Moves each chunk from index `from` on to where the one before it ends.
 * @param box holds one element per chunk, in order
 */
function flowChunks(box: HTMLElement, text: PageText, from: number): void {
  const elements = box.querySelectorAll<HTMLElement>(':scope > .chunk');
  for (let index = Math.max(1, from); index < elements.length; index++) {
    const before = elements[index - 1]!;
    const style = elements[index]!.style;
    const last = before.lastElementChild?.getClientRects();
    const end = last?.[last.length - 1];
    if (!end || text.chunks[index - 1]!.tokens.at(-1)?.piece.endsWith('\n')) {
      style.marginTop = '';
      style.textIndent = '';
      continue;
    }
    style.marginTop = '-1lh';
    style.textIndent = `${end.right - before.getBoundingClientRect().left}px`;
  }
}

/**
 * Keeps the chunks of a line in their places while it grows. While the layout stays the same, only the last chunk is moved.
 * Call it while the component that draws them is being set up.
 * @param layout everything else that the places depend on, as one key
 */
export function keepFlow(box: () => HTMLElement, text: () => PageText, layout: () => string): void {
  let flowed = { key: '', chunks: 0 };
  $effect(() => {
    const { id, chunks } = text();
    const now = { key: `${id} ${layout()}`, chunks: chunks.length };
    if (mustStayInline(text())) return;
    const same = flowed.key === now.key;
    if (same && flowed.chunks === now.chunks) return;
    flowChunks(box(), text(), same ? flowed.chunks : 1);
    flowed = now;
  });
}
