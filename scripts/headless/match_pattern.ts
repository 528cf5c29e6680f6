/** Regular expressions in Node: a `node:vm` context can be stopped in the middle of a match. */
import { Script, createContext } from 'node:vm';
import {
  type MatchPattern,
  PATTERN_LIMIT,
  type PatternMatch,
  slowPattern,
} from '../../src/decoding/pattern.ts';

const script = new Script('new RegExp(source, flags).exec(text)');
const context = createContext({});

export const matchPattern: MatchPattern = (pattern, text) => {
  try {
    Object.assign(context, pattern, { text });
    const found = script.runInContext(context, { timeout: PATTERN_LIMIT }) as PatternMatch;
    return Promise.resolve(found && [...found]);
  } catch (error) {
    const timedOut = (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    return Promise.reject(timedOut ? slowPattern(pattern, text) : (error as Error));
  }
};
