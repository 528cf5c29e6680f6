/**
 * Waiting for the GPU. Firefox looks whether work has ended when something is submitted, and otherwise every 100 ms; an
 * empty submit now and then, for as long as somebody waits, has it look at once
 * (https://github.com/ekzhang/jax-js/issues/124). Where that is not needed nothing is submitted; a trial tells.
 */

/** Waits for a promise that settles when the device has done its work: a map, or `onSubmittedWorkDone`. */
export type Waiting = <T>(done: Promise<T>) => Promise<T>;

const plainly: Waiting = (done) => done;

/** Milliseconds. An end of no work at all that is heard of later than this was heard of by a timer. */
const LATE = 50;

const PLAIN_TRIALS = 2;
const NUDGED_TRIALS = 3;

/** @returns how to wait for this device; the trial takes some milliseconds, or three ticks of the timer where there is one */
export async function measureWaiting(device: GPUDevice): Promise<Waiting> {
  const nudged: Waiting = (done) => nudging(device, done);
  try {
    // Begins anywhere between two ticks of such a timer, and the next trials just after one.
    await timeOfNothing(device, plainly);
    // A busy machine may hear late of one tick, and waits that much less for the next: only the sum tells.
    let waited = 0;
    for (let trial = 0; trial < PLAIN_TRIALS; trial++) waited += await timeOfNothing(device, plainly);
    if (waited < PLAIN_TRIALS * LATE) return plainly;
    // What is late every time has no timer at fault, but a machine that is only busy.
    for (let trial = 0; trial < NUDGED_TRIALS; trial++) {
      if ((await timeOfNothing(device, nudged)) < LATE) return nudged;
    }
  } catch {
    // The device is gone; whoever uses it next says so.
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
    // A task, not a microtask: the answer must get its turn.
    await new Promise((resolve) => setTimeout(resolve));
    if (waits) device.queue.submit([]);
  }
  return done;
}
