/** Runs regular expressions in a small worker, which is ended if one takes too long. */
import {
  type MatchPattern,
  PATTERN_LIMIT,
  type Pattern,
  type PatternMatch,
  slowPattern,
} from '../../decoding/pattern.ts';
import { EngineError } from '../../engines/contract.ts';
import type { PatternQuestion, PatternReply } from './pattern.worker.ts';

/** The limit is counted in this many parts, so that a stall of this thread uses up only one. */
const PARTS = 5;

/** The part of `Worker` that is used. */
export interface PatternWorker {
  onmessage: ((event: MessageEvent<PatternReply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(question: PatternQuestion): void;
  terminate(): void;
}

/** @returns a function that matches one text after another. Its worker starts with the first text and stays until it must be ended */
export function patternMatcher(start: () => PatternWorker = startWorker): MatchPattern {
  let worker: PatternWorker | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  function matchNow(pattern: Pattern, text: string): Promise<PatternMatch> {
    const current = (worker ??= start());
    let timer: ReturnType<typeof setInterval> | null = null;
    return new Promise<PatternMatch>((resolve, reject) => {
      const fail = (error: Error): void => {
        current.terminate();
        worker = null;
        reject(error);
      };
      current.onerror = ({ message }) => {
        const why = message || 'it could not be started';
        fail(
          new EngineError(
            'not-supported',
            `The worker that tries regular expressions ended (${why}); run again, or judge the texts by their length.`,
          ),
        );
      };
      current.onmessage = ({ data }) => {
        if (data.type === 'found') {
          resolve(data.match);
          return;
        }
        let parts = 0;
        timer = setInterval(() => {
          if (++parts === PARTS) fail(slowPattern(pattern, text));
        }, PATTERN_LIMIT / PARTS);
      };
      current.postMessage({ pattern, text });
    }).finally(() => {
      if (timer !== null) clearInterval(timer);
    });
  }

  return (pattern, text) => {
    const match = (): Promise<PatternMatch> => matchNow(pattern, text);
    const mine = queue.then(match, match);
    queue = mine.catch(() => undefined);
    return mine;
  };
}

function startWorker(): PatternWorker {
  return new Worker(new URL('./pattern.worker.ts', import.meta.url), { type: 'module', name: 'pattern' });
}
