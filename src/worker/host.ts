/** The worker's end of the boundary: it has two slots for models, and routes each question. */
import { OpenAiServer } from '../engines/openai/server.ts';
import type { ServerModel } from '../engines/openai/replies.ts';
import { DEFAULT_LOGIT_BUDGET } from '../decoding/logit_memory.ts';
import type { MatchPattern } from '../decoding/pattern.ts';
import { CATALOGUE, type CatalogueEntry } from '../models/catalogue.ts';
import type { TextId, SharedQuestions, SlotNumber, WorkerApi } from './api/worker_api.ts';
import type { ConformanceReport, ConformanceRow } from './conformance/report.ts';
import { deleteKept, findModel, readHubModels, readShelf } from './loading/model_shelf.ts';
import { openEngine } from './loading/open_engine.ts';
import { webLlmOffers } from '../engines/web-llm/open.ts';
import { Slot } from './slot/slot.ts';
import type { TextDistances } from './texts/distances.ts';
import { patternMatcher } from './texts/pattern_matcher.ts';

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;

export class WorkerHost implements SharedQuestions {
  readonly #slots: readonly [Slot, Slot];

  /**
   * @param open tests and scripts pass an engine of their own
   * @param matchPattern in Node they also pass their own pattern matcher
   */
  constructor(open: typeof openEngine = openEngine, matchPattern: MatchPattern = patternMatcher()) {
    const slot = { open, matchPattern };
    this.#slots = [
      new Slot({ ...slot, model: 'model', logitBudget: DEFAULT_LOGIT_BUDGET, takesServers: true }),
      new Slot({
        ...slot,
        model: 'second model',
        logitBudget: DEFAULT_LOGIT_BUDGET / 2,
        takesServers: false,
      }),
    ];
  }

  /** The questions to one slot. The first of worker, slot and texts that has a method of that name answers. */
  to(number: SlotNumber): WorkerApi {
    const slot = this.#slots[number];
    return new Proxy({} as WorkerApi, {
      get: (_, name: string) => {
        const answering = (): Methods | undefined =>
          ([this, slot, slot.texts] as unknown as Methods[]).find((one) => name in one);
        return answering() && ((...args: unknown[]) => answering()![name]!(...args));
      },
    });
  }

  models(): Promise<readonly CatalogueEntry[]> {
    return Promise.resolve(CATALOGUE);
  }

  stop(): Promise<void> {
    for (const slot of this.#slots) slot.stop();
    return Promise.resolve();
  }

  pauseLoading(): Promise<void> {
    for (const slot of this.#slots) slot.pauseLoading();
    return Promise.resolve();
  }

  readonly shelf = readShelf;
  readonly deleteKept = deleteKept;
  readonly findModel = findModel;
  readonly hubModels = readHubModels;
  readonly webLlmModels = webLlmOffers;

  async serverModels(baseUrl: string, key: string): Promise<readonly ServerModel[]> {
    return new OpenAiServer({ baseUrl, key }).models();
  }

  distances(id: TextId): Promise<TextDistances | null> {
    const [first, second] = this.#slots;
    return first.texts.outputs(id, (text, rows, tokenizer) => second.texts.distances(text, rows, tokenizer));
  }

  conformance(base: string, onRow: (row: ConformanceRow) => void): Promise<ConformanceReport> {
    return this.#slots[0].emptied(async () => {
      const { runConformance } = await import('./conformance/run_conformance.ts');
      return runConformance(base, onRow);
    });
  }
}
