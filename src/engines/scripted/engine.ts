/**
 * An engine without a model: deterministic, instant, and complete in everything that `contract.ts` requires. Tests and pages
 * without a GPU run on it. `script.ts` makes up its text, and its name says so.
 */
import type { Capabilities, Engine, EngineDescription, ModelInfo } from '../contract.ts';
import { numericsId } from '../numerics.ts';
import { ScriptedSession, type ScriptedSessionOptions } from './session.ts';
import { ScriptedTokenizer } from './tokenizer.ts';
import { VOCABULARY } from './vocabulary.ts';

export class ScriptedEngine implements Engine {
  readonly kind = 'scripted';
  readonly tokenizer = new ScriptedTokenizer();
  readonly session: ScriptedSession;
  readonly model: ModelInfo;
  readonly capabilities: Capabilities;

  /** Defaults: a context of 2,048 tokens, batches of 16, 2,048 pages, no delay. */
  constructor(options: Partial<ScriptedSessionOptions> = {}) {
    const complete: ScriptedSessionOptions = {
      contextLength: 2048,
      maxBatch: 16,
      pagesTotal: 2048,
      stepDelay: 0,
      ...options,
    };
    this.session = new ScriptedSession(complete);
    this.capabilities = {
      logits: 'full',
      maxLogprobs: VOCABULARY.length,
      fork: true,
      promptLogprobs: true,
      summaryTop: 0,
      maxBatch: complete.maxBatch,
      tokenizer: true,
    };
    this.model = {
      name: 'Scripted storyteller (no model)',
      architecture: 'scripted',
      parameters: 0,
      vocabularySize: VOCABULARY.length,
      contextLength: complete.contextLength,
      layers: 0,
      embeddingLength: 0,
      fileSize: 0,
      weightBytes: 0,
      kvBytesPerToken: 0,
      formats: {},
      description:
        'Word classes and a hash in place of a model: for tests, and for trying the page without a GPU.',
    };
  }

  describe(): EngineDescription {
    return { adapter: 'none (scripted)', software: true, features: [], numerics: numericsId('scripted') };
  }

  dispose(): void {
    // This object holds all state; there is nothing to free.
  }
}
