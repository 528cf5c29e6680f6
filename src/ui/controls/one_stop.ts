/**
 * Makes a list one tab stop: Tab reaches one of its buttons, arrow keys go to the others, and Tab leaves the list again (roving
 * tabindex, ARIA Authoring Practices, "Developing a Keyboard Interface").
 */
import type { Attachment } from 'svelte/attachments';

/** @param row selects the rows: up and down keep the place within one. Without it, left and right walk all buttons. */
export function oneStop(row?: string): Attachment<HTMLElement> {
  return (list) => {
    /** The button that Tab reaches. */
    let stop: HTMLElement | undefined;
    const rows = (): HTMLElement[][] =>
      (row === undefined ? [list] : [...list.querySelectorAll(row)]).map((one) => [
        ...one.querySelectorAll<HTMLElement>('button:not(:disabled)'),
      ]);

    function arrange(): void {
      const all = rows().flat();
      if (stop === undefined || !all.includes(stop)) stop = all[0];
      for (const one of all) one.tabIndex = one === stop ? 0 : -1;
    }

    function onFocus({ target }: FocusEvent): void {
      const all = rows().flat();
      if (!all.includes(target as HTMLElement)) return;
      stop = target as HTMLElement;
      arrange();
    }

    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const grid = rows();
      const at = grid.findIndex((one) => one.includes(event.target as HTMLElement));
      if (at === -1) return;
      const within = grid[at]!.indexOf(event.target as HTMLElement);
      const all = grid.flat();
      const place = all.indexOf(event.target as HTMLElement);
      const to = {
        ArrowLeft: all[place - 1],
        ArrowRight: all[place + 1],
        ArrowUp: grid[at - 1]?.[within],
        ArrowDown: grid[at + 1]?.[within],
        Home: all[0],
        End: all.at(-1),
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      to.focus();
    }

    // Rows come and go with each step.
    const observer = new MutationObserver(arrange);
    observer.observe(list, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['disabled'],
    });
    list.addEventListener('focusin', onFocus);
    list.addEventListener('keydown', onKey);
    arrange();
    return () => {
      observer.disconnect();
      list.removeEventListener('focusin', onFocus);
      list.removeEventListener('keydown', onKey);
    };
  };
}
