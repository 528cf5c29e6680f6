import { EngineError } from '../../engines/contract.ts';
import type { Texts } from '../texts/texts.ts';

/** A slot without a model: there is nothing to ask about. @param model as messages name it: “model”, “second model” */
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
