/**
 * What a promise comes to, or the signal's reason where that is first: a store or a network that never answers can still be
 * stopped. What comes too late is thrown away.
 * @param discard lets go of a value that came too late
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
