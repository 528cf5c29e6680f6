/**
 * Runs an asynchronous task for the newest input only: one at a time, then the last of the inputs that came meanwhile. A failed
 * task does not block the next. Dragging a slider asks for hundreds of re-derivations, of which only those that can be shown run.
 */
export function latestOnly<T>(task: (input: T) => Promise<void>): (input: T) => void {
  let running = false;
  let next: { input: T } | null = null;

  async function drain(): Promise<void> {
    running = true;
    while (next) {
      const { input } = next;
      next = null;
      // Reported, so that it is seen, and the next input still runs.
      await task(input).catch((error: unknown) => reportError(error));
    }
    running = false;
  }

  return (input) => {
    next = { input };
    if (!running) void drain();
  };
}
