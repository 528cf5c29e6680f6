/** Lights the control that a card speaks of: an outline, wherever the page draws the control. `learn.css` has its look. */

/** The first element that fits and is drawn. */
function findControl(selector: string): HTMLElement | null {
  const found = [...document.querySelectorAll<HTMLElement>(selector)];
  return found.find((element) => element.getClientRects().length > 0) ?? null;
}

/** Whether columns scroll by themselves, so that bringing a control into view does not move the page. */
const wide = matchMedia('(min-width: 901px)');

/** @returns a function that puts the light out */
export function light(selector: string): () => void {
  let lit: HTMLElement | null = null;
  let frame = 0;
  const look = (): void => {
    frame = 0;
    const found = findControl(selector);
    if (found === lit) return;
    lit?.removeAttribute('data-lit');
    found?.setAttribute('data-lit', '');
    if (wide.matches) found?.scrollIntoView({ block: 'nearest' });
    lit = found;
  };
  // A view that is fetched, a menu or a list draws the control later, or anew.
  const observer = new MutationObserver(() => (frame ||= requestAnimationFrame(look)));
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    lit?.removeAttribute('data-lit');
  };
}

/** Scrolls to the control, and gives it the focus. */
export function goToControl(selector: string): void {
  const control = findControl(selector);
  control?.scrollIntoView({ block: 'center' });
  const focusable = 'button, input, select, textarea, [tabindex="0"]';
  const target = control?.matches(focusable) ? control : control?.querySelector<HTMLElement>(focusable);
  target?.focus({ preventScroll: true });
}
