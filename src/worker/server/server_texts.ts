/** The texts of a server's model, which samples by itself. Each step has what the server told, and no logits. */
import type { RunResult } from '../../decoding/events.ts';
import { EngineError } from '../../engines/contract.ts';
import type { OpenAiEngine } from '../../engines/openai/engine.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type {
  InspectOptions,
  LanePlace,
  TextEvent,
  TextEvidence,
  TextId,
  ReplayRequest,
  RunRequest,
  StepPlace,
} from '../api/worker_api.ts';
import type { LaneDistributions, StepView } from '../api/views.ts';
import { laneDistributions } from '../texts/lane_views.ts';
import { HeldTexts, type Texts } from '../texts/texts.ts';
import type { Turns } from '../texts/turns.ts';
import { takenBy } from './server_parameters.ts';
import { runOnServer } from './server_run.ts';
import { ServerSteps } from './server_steps.ts';

/** The answer to questions that need logits. */
const unknown = (): Promise<null> => Promise.resolve(null);

export class ServerTexts extends HeldTexts<OpenAiEngine> implements Texts {
  readonly taken;
  readonly #steps = new ServerSteps();

  constructor(engine: OpenAiEngine, turns: Turns) {
    super(engine, turns);
    this.taken = takenBy(engine.ownedBy);
  }

  readonly candidate = unknown;
  readonly score = unknown;
  readonly rederive = unknown;
  readonly temperatureStrip = unknown;
  readonly measure = unknown;
  readonly outputs = unknown;

  run(request: RunRequest, onEvents: (events: readonly TextEvent[]) => void): Promise<RunResult> {
    const { texts } = this;
    return this.inTurn((signal) =>
      runOnServer(this.engine, request, { texts, signal, onEvents }, this.#steps),
    );
  }

  async inspect(
    { text: id, position }: StepPlace,
    _: SamplingParams,
    { top }: InspectOptions,
  ): Promise<StepView | null> {
    const text = this.texts.get(id);
    return text && this.#steps.view(text, position, this.engine.tokenizer, top);
  }

  async evidence(id: TextId, _: SamplingParams, depth: number): Promise<TextEvidence | null> {
    const text = this.turns.running ? null : this.texts.get(id);
    return text && this.#steps.evidence(text, this.engine.tokenizer, depth);
  }

  async distributions(places: readonly LanePlace[], top: number): Promise<LaneDistributions> {
    const none = places.map(() => null);
    return laneDistributions(none, top, this.engine.tokenizer);
  }

  async replay({ text }: ReplayRequest): Promise<null> {
    return this.texts.get(text) ? this.#refuse() : null;
  }

  async distances(): Promise<never> {
    return this.#refuse();
  }

  #refuse(): never {
    throw new EngineError(
      'not-supported',
      `${this.engine.host} gives no logits, so this cannot be done with it; choose a model that runs in this browser.`,
    );
  }
}
