/** An engine whose n-th call fails, hangs until it is stopped, or is cut off. n covers every place where the worker waits. */
import { EngineError, type Session } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';

/** `typed`: the GPU is lost. `untyped`: an error of the browser. `hang`: no answer until somebody stops it. */
export type Fault = 'typed' | 'untyped' | 'hang';

export const faults: readonly Fault[] = ['typed', 'untyped', 'hang'];

/** Counts calls of any number of engines. The n-th gets the fault, and all others pass. */
export class FaultPlan {
  calls = 0;
  /** The name of the call with the fault. */
  met: string | null = null;
  /** Called when a call hangs that can be stopped. */
  onHang: () => void = () => undefined;

  constructor(
    readonly at: number,
    readonly fault: Fault,
  ) {}

  /** @param signal null for a call that cannot be stopped, which fails instead of hanging */
  async call<T>(name: string, signal: AbortSignal | null, work: () => Promise<T>): Promise<T> {
    if (this.calls++ !== this.at) return work();
    this.met = name;
    if (this.fault === 'hang' && signal) {
      const stopped = new Promise<never>((_, reject) => {
        const abort = (): void => reject(new EngineError('aborted', 'It was stopped.'));
        if (signal.aborted) abort();
        else signal.addEventListener('abort', abort);
      });
      setTimeout(this.onHang);
      return stopped;
    }
    this.throw();
  }

  callNow<T>(name: string, work: () => T): T {
    if (this.calls++ !== this.at) return work();
    this.met = name;
    this.throw();
  }

  throw(): never {
    if (this.fault === 'untyped') throw new TypeError('undefined is not an object');
    throw new EngineError('device-lost', 'The GPU was lost; load the model again.');
  }
}

export function faultyEngine(plan: FaultPlan): ScriptedEngine {
  const engine = new ScriptedEngine();
  const real = engine.session;
  const session: Session = {
    prefill: (tokens, options = {}) =>
      plan.call('prefill', options.signal ?? null, () => real.prefill(tokens, options)),
    step: (entries) => plan.call('step', null, () => real.step(entries)),
    fork: (sequence, length) => plan.callNow('fork', () => real.fork(sequence, length)),
    release: (sequence) => real.release(sequence),
    tokens: (sequence) => real.tokens(sequence),
    get usage() {
      return real.usage;
    },
  };
  return Object.assign(engine, { session });
}
