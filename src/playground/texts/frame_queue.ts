/** How long items wait in a hidden tab, which draws no frames. */
const hiddenDelayMs = 250;

/** Collects items and hands them over once per frame, so that streaming redraws only as often as the screen. */
export function frameQueue<T>(drain: (items: readonly T[]) => void): {
  push: (items: readonly T[]) => void;
  /** Hands over the waiting items now. */
  flush: () => void;
} {
  let waiting: T[] = [];
  let scheduled = false;

  function flush(): void {
    scheduled = false;
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    drain(items);
  }

  return {
    push(items) {
      waiting.push(...items);
      if (scheduled) return;
      scheduled = true;
      if (document.hidden) setTimeout(flush, hiddenDelayMs);
      else requestAnimationFrame(flush);
    },
    flush,
  };
}
