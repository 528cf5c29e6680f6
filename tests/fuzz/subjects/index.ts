import type { Subject } from '../subject.ts';
import { gguf } from './gguf.ts';
import { grammars } from './grammars.ts';
import { links, records } from './records.ts';
import { samplerSteps } from './sampler_steps.ts';
import { serverReplies } from './server_replies.ts';
import { templates } from './templates.ts';
import { tokenizers } from './tokenizers.ts';

/** Each subject is imported only for its turn, because some make models and tokenizers first. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a subject's inputs go only to its own judge
type Opener = () => Promise<Subject<any>>;

export const SUBJECTS: Readonly<Record<string, Opener>> = {
  gguf,
  templates,
  tokenizers,
  grammars,
  'server replies': serverReplies,
  'sampler steps': samplerSteps,
  links,
  records: () => Promise.resolve(records()),
};
