/**
 * Waiting for the GPU. Firefox checks whether work has ended on each submit, and otherwise every 100 ms. While somebody waits, we
 * therefore submit nothing again and again, which makes it check at once (https://github.com/ekzhang/jax-js/issues/124). A trial
 * finds out whether a browser needs that; if not, we submit nothing.
 */

/** Waits for a promise that settles when the device has done its work: a map, or `onSubmittedWorkDone`. */
export type Waiting = <T>(done: Promise<T>) => Promise<T>;

const plainly: Waiting = (done) => done;

/** Milliseconds. If the end of an empty submit is reported later than this, a timer reported it. */
const LATE = 50;

const PLAIN_TRIALS = 2;
const NUDGED_TRIALS = 3;

/** @returns how to wait for this device; the trial takes some milliseconds, or three ticks of the timer if there is one */
export async function measureWaiting(device: GPUDevice): Promise<Waiting> {
  const nudged: Waiting = (done) => nudging(device, done);
  try {
    // This one begins anywhere between two ticks of such a timer; the next trials then begin just after a tick.
    await timeOfNothing(device, plainly);
    // A busy machine may report one tick late, and then waits that much less for the next: only the sum is reliable.
    let waited = 0;
    for (let trial = 0; trial < PLAIN_TRIALS; trial++) waited += await timeOfNothing(device, plainly);
    if (waited < PLAIN_TRIALS * LATE) return plainly;
    // If submits do not help either, the cause is not a timer but a busy machine.
    for (let trial = 0; trial < NUDGED_TRIALS; trial++) {
      if ((await timeOfNothing(device, nudged)) < LATE) return nudged;
    }
  } catch {
    // The device is lost; its next user reports that.
  }
  return plainly;
}

async function timeOfNothing(device: GPUDevice, waiting: Waiting): Promise<number> {
  const start = performance.now();
  device.queue.submit([]);
  await waiting(device.queue.onSubmittedWorkDone());
  return performance.now() - start;
}

async function nudging<T>(device: GPUDevice, done: Promise<T>): Promise<T> {
  let waits = true;
  const settle = () => (waits = false);
  done.then(settle, settle);
  while (waits) {
    // A task, not a microtask: the result must get its turn.
    await new Promise((resolve) => setTimeout(resolve));
    if (waits) device.queue.submit([]);
  }
  return done;
}
