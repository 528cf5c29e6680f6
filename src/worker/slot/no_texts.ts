import { EngineError } from '../../engines/contract.ts';
import type { Texts } from '../texts/texts.ts';

/** The answers of a slot without a model. @param model its name in messages: “model” or “second model” */
export function noTexts(model: string): Texts {
  const refuse = (): Promise<never> =>
    Promise.reject(new EngineError('not-supported', `No ${model} is loaded; load one first.`));
  const nothing = (): Promise<null> => Promise.resolve(null);
  const ignore = (): Promise<void> => Promise.resolve();
  return {
    taken: null,
    tokenise: refuse,
    run: refuse,
    adopt: ignore,
    forget: ignore,
    inspect: refuse,
    candidate: refuse,
    score: nothing,
    rederive: nothing,
    grammarProblem: refuse,
    distributions: refuse,
    temperatureStrip: refuse,
    replay: nothing,
    evidence: nothing,
    searchTokens: refuse,
    machine: nothing,
    measure: refuse,
    outputs: nothing,
    distances: refuse,
    release: () => undefined,
  };
}
