import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { measureWaiting } from '../../../src/engines/webgpu/gpu/waiting.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Habits {
  /** Milliseconds that work takes. */
  readonly work: number;
  /** The interval at which the device is polled; 0 reports the end of work at once. */
  readonly tick: number;
  /** Whether each submit polls it too. */
  readonly wakes: boolean;
  /** Further delays before the page learns of the first end, the second, and so on, as on a busy machine. */
  readonly lags?: readonly number[];
  readonly lost?: boolean;
}

/** The part of a device that the wait uses. */
class ScriptedDevice {
  submits = 0;
  #habits: Habits;
  #busyUntil = 0;
  #told = 0;
  #waiting: { readonly from: number; readonly resolve: () => void }[] = [];

  constructor(habits: Habits) {
    this.#habits = habits;
    if (habits.tick > 0) setInterval(() => this.#look(), habits.tick);
  }

  set work(milliseconds: number) {
    this.#habits = { ...this.#habits, work: milliseconds };
  }

  get device(): GPUDevice {
    return { queue: this } as unknown as GPUDevice;
  }

  submit(): void {
    this.submits++;
    if (this.#busyUntil <= Date.now()) this.#busyUntil = Date.now() + this.#habits.work;
    if (this.#habits.wakes) this.#look();
  }

  onSubmittedWorkDone(): Promise<void> {
    const { lost = false, tick } = this.#habits;
    if (lost) return Promise.reject(new Error('the device is lost'));
    return new Promise((resolve) => {
      this.#waiting.push({ from: this.#busyUntil, resolve });
      if (tick === 0) setTimeout(() => this.#look(), this.#busyUntil - Date.now());
    });
  }

  #look(): void {
    const ended = this.#waiting.filter(({ from }) => from <= Date.now());
    this.#waiting = this.#waiting.filter((each) => !ended.includes(each));
    for (const { resolve } of ended) {
      const lag = this.#habits.lags?.[this.#told++] ?? 0;
      if (lag > 0) setTimeout(resolve, lag);
      else resolve();
    }
  }
}

/** Measures, then waits once for 20 ms of work. */
async function waitOnce(habits: Habits) {
  const scripted = new ScriptedDevice(habits);
  const measuring = measureWaiting(scripted.device);
  await vi.advanceTimersByTimeAsync(2000);
  const waiting = await measuring;
  scripted.work = 20;
  scripted.submit();
  const before = scripted.submits;
  const start = Date.now();
  let took = NaN;
  const wait = waiting(scripted.onSubmittedWorkDone()).then(
    () => (took = Date.now() - start),
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(500);
  await wait;
  const submits = scripted.submits - before;
  await vi.advanceTimersByTimeAsync(500);
  expect(scripted.submits - before, 'nothing is submitted when nobody waits').toBe(submits);
  return { took, submits };
}

test.each<[string, readonly number[]]>([
  ['a quiet machine', []],
  ['one that heard late of the first end', [80]],
  ['one that heard late of the second end', [0, 80]],
  ['one that heard late of the first end after an empty submit', [0, 0, 0, 80]],
])(
  'where the end of work is told by a timer alone, empty submits have it told at once: %s',
  async (_, lags) => {
    const { took, submits } = await waitOnce({ work: 0, tick: 100, wakes: true, lags });
    expect(took).toBeLessThan(30);
    expect(submits).toBeGreaterThan(0);
  },
);

test.each<[string, Habits, number]>([
  ['is told at once', { work: 0, tick: 0, wakes: false }, 20],
  ['is told late whatever is submitted', { work: 0, tick: 100, wakes: false }, 100],
  ['comes late because the machine is busy', { work: 80, tick: 0, wakes: true }, 20],
])('where the end of work %s, nothing is submitted', async (_, habits, longest) => {
  const { took, submits } = await waitOnce(habits);
  expect(submits).toBe(0);
  expect(took).toBeLessThanOrEqual(longest);
});

test('a device that is lost during the trial fails at its next use, not here', async () => {
  expect(await waitOnce({ work: 0, tick: 0, wakes: false, lost: true })).toEqual({ took: NaN, submits: 0 });
});
