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

/** The first trial begins anywhere between two ticks of such a timer, the others just after one. */
const TRIALS = 3;

/** @returns how to wait for this device; the trial takes some milliseconds, or three ticks of the timer where there is one */
export async function measureWaiting(device: GPUDevice): Promise<Waiting> {
  const nudged: Waiting = (done) => nudging(device, done);
  try {
    for (let trial = 0; trial < TRIALS; trial++) {
      const waited = await timeOfNothing(device, plainly);
      if (trial > 0 && waited < LATE) return plainly;
    }
    // A machine that is only busy is late either way.
    return (await timeOfNothing(device, nudged)) < LATE ? nudged : plainly;
  } catch {
    // The device is gone; whoever uses it next says so.
    return plainly;
  }
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
