/** Wrappers between a run and its engine: they see the prompt's logits, and count at the device from the third token on. */
import type { Engine, PrefillOptions, Session, StepCounters } from '../../src/engines/contract.ts';
import {
  type DeviceCounter,
  type DeviceCounts,
  countsPerToken,
} from '../../src/engines/webgpu/gpu/device_counter.ts';

/** The first token comes from the prefill, the second from the first step. The steady state begins with the second step. */
const FIRST_STEADY_STEP = 2;

/** Passes the prompt's logits on: `seen(i, logits)` gets those that predict token `i + 1`. */
export function tapPrompt(session: Session, seen: (position: number, logits: Float32Array) => void): Session {
  return tap(session, {
    prefill: (tokens: Parameters<Session['prefill']>[0], options: PrefillOptions = {}) =>
      session.prefill(tokens, {
        ...options,
        onLogits: (position, logits) => {
          seen(position, logits);
          options.onLogits?.(position, logits);
        },
      }),
  });
}

export interface SteadyCounts {
  readonly session: Session;
  /** Averages per forward pass (one token per sequence); null until three tokens have been decoded. */
  counters(engine: Engine): StepCounters | null;
}

/** Counts the steps of a session at the device. */
export function countSteps(session: Session, counter: DeviceCounter): SteadyCounts {
  let steps = 0;
  let start: DeviceCounts | null = null;
  let end: DeviceCounts | null = null;
  let positions = 0;
  const step: Session['step'] = async (entries) => {
    steps++;
    if (steps === FIRST_STEADY_STEP) start = counter.total;
    const logits = await session.step(entries);
    end = counter.total;
    if (start !== null) for (const { sequence } of entries) positions += session.tokens(sequence).length;
    return logits;
  };
  return {
    session: tap(session, { step }),
    counters(engine) {
      if (start === null || end === null) return null;
      const steady = steps - FIRST_STEADY_STEP + 1;
      // The device's calls do not show how much of the KV cache a dispatch reads, since that depends on buffers: attention reads
      // every position so far.
      const kvBytes = (positions / steady) * engine.model.kvBytesPerToken;
      return { ...countsPerToken(start, end, steady), kvBytes };
    },
  };
}

/** The session with some methods replaced; the others stay as they are. */
function tap(session: Session, own: Partial<Session>): Session {
  return new Proxy(session, {
    get(target, name) {
      if (name in own) return own[name as keyof Session];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The engine with another session. */
export function withSession(engine: Engine, session: Session): Engine {
  return new Proxy(engine, {
    get(target, name) {
      if (name === 'session') return session;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
