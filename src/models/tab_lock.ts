import { EngineError } from '../engines/contract.ts';

/** Interval at which a waiting tab checks the other tab's progress. */
const LOOK_MS = 500;

/**
 * Locks a name that only one tab can hold (Web Locks). A tab that dies releases it.
 * @param onWait called now and then while another tab holds it
 * @returns a function that releases it; without Web Locks in the browser, nothing is locked
 * @throws EngineError `aborted`
 */
export async function holdTab(
  name: string,
  signal: AbortSignal,
  onWait: () => Promise<void>,
): Promise<() => void> {
  // Insecure pages have no Web Locks, and neither has Node 20.
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  if (!locks) return () => undefined;
  // Reporting the other tab's progress is optional: a store that fails here is no reason to stop waiting.
  const look = () => void onWait().catch(() => undefined);
  let timer: ReturnType<typeof setInterval> | undefined;
  try {
    return await new Promise<() => void>((resolve, reject) => {
      const held = () => new Promise<void>((release) => resolve(release));
      const wait = async (lock: Lock | null): Promise<void> => {
        if (lock) return held();
        timer = setInterval(look, LOOK_MS);
        look();
        locks.request(name, { signal }, held).catch(reject);
      };
      locks.request(name, { ifAvailable: true }, wait).catch(reject);
    });
  } catch (cause) {
    if (signal.aborted) throw new EngineError('aborted', 'Waiting for the other tab was stopped.', { cause });
    // The browser refuses locks. The store still opens a file for one tab only.
    return () => undefined;
  } finally {
    clearInterval(timer);
  }
}
