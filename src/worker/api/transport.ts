/**
 * Calls over one port. A call's reports and its answer travel over the same port, so they arrive in the order in which they were
 * sent. Messages of two ports would have no such order.
 */
import { EngineError, type EngineErrorCode } from '../../engines/contract.ts';
import { SamplingError } from '../../sampling/errors.ts';
import type { SlotNumber } from './worker_api.ts';

/** A `Worker`, its global scope, or an end of a `MessageChannel`. */
interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  /** An end of a `MessageChannel` delivers nothing before this call. */
  start?(): void;
}

interface Call {
  readonly id: number;
  readonly slot: SlotNumber;
  readonly method: string;
  readonly args: readonly unknown[];
  /** The caller's last argument was a function, which receives the call's reports. */
  readonly reports: boolean;
}

type Reply = { readonly id: number } & (
  | { readonly type: 'report'; readonly value: unknown }
  | { readonly type: 'answer'; readonly value: unknown }
  /** A structured clone of an error would lose its code. */
  | { readonly type: 'failure'; readonly code: EngineErrorCode | null; readonly message: string }
);

/** Methods that return a promise. Their last argument may be a function that receives reports. */
type Api<T> = { [K in keyof T]: (...args: never[]) => Promise<unknown> };

/** The worker's end: passes every call to its slot of `host`, and sends the answer back. */
export function answerCalls<T extends Api<T>>(port: Port, host: { to(slot: SlotNumber): T }): void {
  async function answer({ id, slot, method, args, reports }: Call): Promise<void> {
    const send = (reply: Reply): void => port.postMessage(reply);
    const report = (value: unknown): void => send({ id, type: 'report', value });
    try {
      const methods = host.to(slot) as unknown as Record<
        string,
        (...args: readonly unknown[]) => Promise<unknown>
      >;
      const value = await methods[method]!(...args, ...(reports ? [report] : []));
      send({ id, type: 'answer', value });
    } catch (error) {
      const code = error instanceof EngineError ? error.code : null;
      send({ id, type: 'failure', code, message: sentence(error) });
    }
  }

  port.addEventListener('message', ({ data }: MessageEvent<Call>) => void answer(data));
  port.start?.();
}

/** Our own errors are sentences for the page; all others are unforeseen. */
function sentence(error: unknown): string {
  if (error instanceof EngineError || error instanceof SamplingError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `The worker met an unexpected error (${message}); try again, and reload the page if it comes back.`;
}

interface Pending {
  readonly report: ((value: unknown) => void) | null;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The page's end. A failed call rejects with the `EngineError` that the other end threw. */
export class Caller<T extends Api<T>> {
  readonly #slots: readonly [T, T];
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #ended: EngineError | null = null;

  constructor(private readonly port: Port) {
    this.#slots = [this.#api(0), this.#api(1)];
    port.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#hear(data));
    port.start?.();
  }

  /** Rejects all pending calls and every later one with `worker-ended`. */
  end(message: string): void {
    this.#ended ??= new EngineError('worker-ended', message);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(this.#ended);
  }

  /** The questions to one slot; always the same object. */
  to(slot: SlotNumber): T {
    return this.#slots[slot];
  }

  #api(slot: SlotNumber): T {
    // The proxy has no `then`, or `await` would take it for a promise.
    return new Proxy({} as T, {
      get: (_, method) =>
        typeof method === 'symbol' || method === 'then'
          ? undefined
          : (...args: unknown[]) => this.#call(slot, method, args),
    });
  }

  #call(slot: SlotNumber, method: string, args: unknown[]): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    const last = args.at(-1);
    const report = typeof last === 'function' ? (last as Pending['report']) : null;
    const call: Call = {
      id: this.#calls++,
      slot,
      method,
      args: report ? args.slice(0, -1) : args,
      reports: report !== null,
    };
    return new Promise((resolve, reject) => {
      // Throws if an argument cannot be cloned, which rejects the promise.
      this.port.postMessage(call);
      this.#pending.set(call.id, { report, resolve, reject });
    });
  }

  #hear(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    if (reply.type === 'report') {
      pending.report?.(reply.value);
      return;
    }
    this.#pending.delete(reply.id);
    if (reply.type === 'answer') pending.resolve(reply.value);
    else if (reply.code === null) pending.reject(new Error(reply.message));
    else pending.reject(new EngineError(reply.code, reply.message));
  }
}
