/**
 * The result of a promise, or a rejection with the signal's reason if that comes first. A store or a network that never answers can
 * thus still be stopped. A late result is discarded.
 * @param discard releases a value that came too late
 */
export function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  discard?: (late: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(signal.reason as Error);
      if (discard) promise.then(discard, () => undefined);
    };
    if (signal.aborted) {
      stop();
      promise.catch(() => undefined);
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
