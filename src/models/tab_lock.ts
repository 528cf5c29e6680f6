import { EngineError } from '../engines/contract.ts';

/** How often a waiting tab looks how far the other one has come. */
const LOOK_MS = 500;

/**
 * Holds a name that only one tab can hold (Web Locks). A tab that dies lets go of it.
 * @param onWait called now and then while another tab has it
 * @returns what lets go of it; where the browser has no Web Locks, nothing is held
 * @throws EngineError `aborted`
 */
export async function holdTab(
  name: string,
  signal: AbortSignal,
  onWait: () => Promise<void>,
): Promise<() => void> {
  // A page that is not secure has none, and neither has Node 20.
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  if (!locks) return () => undefined;
  // How far the other one is, is told where it can be; a store that fails here is no reason to stop waiting.
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
    // A browser that refuses locks: the store still opens a file for one tab only.
    return () => undefined;
  } finally {
    clearInterval(timer);
  }
}
