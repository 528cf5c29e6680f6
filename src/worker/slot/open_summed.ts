/** Opens a model, and says what the page is to know of it. */
import type { Engine } from '../../engines/contract.ts';
import { OpenAiEngine } from '../../engines/openai/engine.ts';
import type { EngineSummary, ModelChoice } from '../api/models_api.ts';
import type { openEngine, OpenOptions } from '../loading/open_engine.ts';
import { takenBy } from '../server/server_parameters.ts';

/** @throws EngineError */
export async function openSummed(
  open: typeof openEngine,
  choice: ModelChoice,
  options: Omit<OpenOptions, 'onNote'>,
): Promise<{ engine: Engine; summary: EngineSummary }> {
  const notes: string[] = [];
  const engine = await open(choice, { ...options, onNote: (sentence) => void notes.push(sentence) });
  const summary: EngineSummary = {
    kind: engine.kind,
    model: engine.model,
    capabilities: engine.capabilities,
    description: engine.describe(),
    hasChatTemplate: engine.tokenizer.hasChatTemplate,
    taken: engine instanceof OpenAiEngine ? takenBy(engine.ownedBy) : null,
    notes,
  };
  return { engine, summary };
}
