/** How long events gather before they cross: one frame of a 60 Hz screen. */
const batchMs = 16;

/** Gathers items and sends them together, so that a fast run does not flood the page with messages. */
export function batched<T>(send: (items: readonly T[]) => void): {
  push: (item: T) => void;
  flush: () => void;
} {
  let items: T[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (items.length === 0) return;
    const batch = items;
    items = [];
    send(batch);
  }

  return {
    push(item) {
      items.push(item);
      timer ??= setTimeout(flush, batchMs);
    },
    flush,
  };
}
