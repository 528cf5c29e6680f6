/**
 * Explains a term while the mouse rests on it, while it has the focus, and after a tap. The page has one bubble for all terms.
 * Escape closes it, and the mouse may move onto it (WCAG 2.2, 1.4.13).
 */
import type { Attachment } from 'svelte/attachments';
import type { Term } from '../../playground/terms.ts';

/** How long a mouse rests on a term before its meaning shows. */
const restMs = 300;
/** How long the bubble waits for a mouse that is on its way to it. */
const leaveMs = 150;
/** Pixels between a term and its bubble, and between the bubble and the window's edge. */
const room = 6;

let bubble: HTMLElement | null = null;
/** The term that is explained, or will be as soon as its meaning has arrived. */
let shown: HTMLElement | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Ends what the page listens to while a meaning shows. */
let ears = new AbortController();

/** Makes an element explain a term. One that cannot have the focus gets a tab stop. */
export function explain(term: Term): Attachment<HTMLElement> {
  return (word) => {
    const isControl = word.matches('a, button, input, select, summary');
    if (!isControl) word.tabIndex = 0;
    word.classList.add('term');
    const begin = (): void => void show(word, term);
    const end = (): void => hide(word);
    const own = new AbortController();
    const on = <K extends keyof HTMLElementEventMap>(
      name: K,
      ear: (event: HTMLElementEventMap[K]) => void,
    ): void => word.addEventListener(name, ear, { signal: own.signal });
    on('focus', () => word.matches(':focus-visible') && begin());
    on('blur', end);
    // A tap on a control does what the control does.
    if (!isControl) on('click', begin);
    on('pointerenter', ({ pointerType }) => pointerType === 'mouse' && after(restMs, begin));
    on('pointerleave', ({ pointerType }) => pointerType === 'mouse' && after(leaveMs, end));
    return () => {
      own.abort();
      end();
    };
  };
}

function after(ms: number, act: () => void): void {
  clearTimeout(timer);
  timer = setTimeout(act, ms);
}

async function show(word: HTMLElement, term: Term): Promise<void> {
  clearTimeout(timer);
  shown = word;
  const { meaningOf } = await import('../../playground/terms.ts');
  // Meanwhile the person may have left this term, or the page may have dropped it.
  if (shown !== word || !word.isConnected) return;
  bubble ??= newBubble();
  bubble.textContent = meaningOf(term);
  bubble.showPopover();
  word.setAttribute('aria-describedby', bubble.id);
  listen(word);
  place(bubble, word.getBoundingClientRect());
}

/** Puts the bubble below the term, or above it where there is no room below. */
function place(it: HTMLElement, at: DOMRect): void {
  const { width, height } = it.getBoundingClientRect();
  const fits = at.bottom + room + height <= innerHeight;
  it.style.left = `${Math.max(room, Math.min(at.left, innerWidth - width - room))}px`;
  it.style.top = `${fits ? at.bottom + room : Math.max(room, at.top - room - height)}px`;
}

function hide(word: HTMLElement): void {
  if (shown !== word) return;
  clearTimeout(timer);
  shown = null;
  word.removeAttribute('aria-describedby');
  ears.abort();
  bubble?.hidePopover();
}

/** Escape, a tap elsewhere and a scroll close the bubble: it would not scroll with its term. */
function listen(word: HTMLElement): void {
  ears.abort();
  ears = new AbortController();
  const options = { capture: true, signal: ears.signal };
  const key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    hide(word);
  };
  const down = ({ target }: Event): void => {
    if (!word.contains(target as Node) && !bubble?.contains(target as Node)) hide(word);
  };
  document.addEventListener('keydown', key, options);
  document.addEventListener('pointerdown', down, options);
  document.addEventListener('scroll', () => hide(word), options);
}

function newBubble(): HTMLElement {
  const made = document.createElement('div');
  made.id = 'meaning';
  made.className = 'meaning panel';
  made.popover = 'manual';
  made.role = 'tooltip';
  made.addEventListener('pointerenter', () => clearTimeout(timer));
  made.addEventListener('pointerleave', () => shown && after(leaveMs, () => shown && hide(shown)));
  document.body.append(made);
  return made;
}
