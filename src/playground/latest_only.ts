/**
 * Runs an asynchronous task for the newest input only: one at a time, and of those that come meanwhile the last. One that fails
 * holds nothing up.
 * A slider that is dragged asks for hundreds of re-derivations; only those that can be shown are made.
 */
export function latestOnly<T>(task: (input: T) => Promise<void>): (input: T) => void {
  let running = false;
  let next: { input: T } | null = null;

  async function drain(): Promise<void> {
    running = true;
    while (next) {
      const { input } = next;
      next = null;
      // Said where it can be seen, without stopping what comes after it.
      await task(input).catch((error: unknown) => reportError(error));
    }
    running = false;
  }

  return (input) => {
    next = { input };
    if (!running) void drain();
  };
}
