/**
 * A value that follows another at most once in the pause that it asks for, in milliseconds, and always reaches the last one. For drawings that are dearer than a
 * frame. Call it while a component is being set up.
 */
export function throttled<T>(read: () => T, pause: (value: T) => number): { readonly value: T } {
  let value = $state.raw(read());
  let last = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;

  $effect(() => {
    const next = read();
    const wait = last + pause(next) - performance.now();
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const take = (): void => {
      last = performance.now();
      value = next;
    };
    if (wait <= 0) take();
    else timer = setTimeout(take, wait);
  });

  $effect(() => () => {
    if (timer !== null) clearTimeout(timer);
  });

  return {
    get value() {
      return value;
    },
  };
}
