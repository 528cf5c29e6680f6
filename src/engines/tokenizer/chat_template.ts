import { Environment, parse, tokenize } from '@huggingface/jinja';
import { type ChatMessage, EngineError } from '../contract.ts';
import type { Metadata } from '../gguf/metadata.ts';
import { BoundedInterpreter, boundedRange } from './bounded_interpreter.ts';
import { strftime } from './strftime.ts';

type Program = ReturnType<typeof parse>;

const KEY = 'tokenizer.chat_template';

/** Maximum length of a template in characters. The longest published ones (with tools) have about 20 000. */
const MAX_TEMPLATE_LENGTH = 200_000;

export interface ChatTemplate {
  readonly exists: boolean;
  /** @throws EngineError `bad-template` */
  render(messages: readonly ChatMessage[], addGenerationPrompt: boolean): string;
}

/**
 * The chat template of a model, a Jinja program from its file. It is not trusted: it runs with bounds on its steps and on what it
 * builds (bounded_interpreter.ts), and sees only the messages.
 *
 * @param bos text of the BOS token, which templates write themselves; '' if there is none
 */
export function chatTemplate(metadata: Metadata, bos: string, eos: string): ChatTemplate {
  if (!metadata.has(KEY)) return { exists: false, render: () => noTemplate() };
  const source = metadata.string(KEY);
  let program: Program | null = null;
  return {
    exists: true,
    render: (messages, addGenerationPrompt) => {
      if (source.length > MAX_TEMPLATE_LENGTH) {
        throw new EngineError(
          'bad-template',
          `The model's chat template is ${source.length} characters long, more than the ${MAX_TEMPLATE_LENGTH} that are read; use the plain prompt instead.`,
        );
      }
      try {
        // Transformers renders with the same options.
        program ??= parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
        const environment = globals();
        environment.set(
          'messages',
          messages.map(({ role, content }) => ({ role, content })),
        );
        environment.set('add_generation_prompt', addGenerationPrompt);
        // Transformers always defines these; templates test `is not none`.
        environment.set('tools', null);
        environment.set('documents', null);
        environment.set('bos_token', bos);
        environment.set('eos_token', eos);
        return new BoundedInterpreter(environment).render(program);
      } catch (cause) {
        // A template rejects messages through raise_exception; its own words are the best explanation.
        const reason = reasonOf(cause);
        throw new EngineError(
          'bad-template',
          `The model's chat template refuses these messages: ${reason.slice(0, 300)} (change the messages, or use the plain prompt).`,
          { cause },
        );
      }
    },
  };
}

/** The functions that Transformers gives every template (its `apply_chat_template`), with a bounded `range`. */
function globals(): Environment {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ true: true, false: false, none: null })) {
    environment.set(name, value);
    environment.set(name[0]!.toUpperCase() + name.slice(1), value);
  }
  environment.set('range', boundedRange);
  environment.set('raise_exception', (message: unknown) => {
    throw new Error(String(message));
  });
  environment.set('strftime_now', (format: unknown) => strftime(new Date(), String(format)));
  return environment;
}

function reasonOf(cause: unknown): string {
  // On a stack or text that is too large, each browser throws with its own words; Firefox calls the error InternalError.
  const known = cause instanceof Error && cause.name !== 'RangeError' && cause.name !== 'InternalError';
  return known ? cause.message : 'it nests too deep, or builds too long a text';
}

function noTemplate(): never {
  throw new EngineError('bad-template', 'This model has no chat template; use the plain prompt instead.');
}
