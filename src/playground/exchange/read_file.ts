/** Reads a run from a file: one that this page saved, or an answer of OpenAI's API with logprobs. */
import * as v from 'valibot';
import type { Settings } from '../settings.ts';
import { documentFormat, documentVersion, type RunRecord } from '../record/document.ts';
import { documentSchema } from '../record/document.ts';
import { fromOpenAi } from './openai.ts';
import { openAiSchema } from './openai_schema.ts';

/** The most bytes that are read: about 100,000 tokens with their candidates. */
export const maxFileBytes = 64 * 1024 * 1024;

export interface ReadRun {
  readonly record: RunRecord;
  /** Null for an answer from another program. */
  readonly settings: Settings | null;
}

/** Its message is one sentence for the page: the file, what is wrong with it, and the way out. */
class RunFileError extends Error {
  override readonly name = 'RunFileError';
}

/** @throws RunFileError */
export function readRunFile(name: string, text: string): ReadRun {
  const json = parsed(name, text);
  const kind = v.safeParse(
    v.looseObject({ format: v.optional(v.unknown()), choices: v.optional(v.unknown()) }),
    json,
  );
  if (kind.success && kind.output.format === documentFormat) return readDocument(name, json);
  if (kind.success && kind.output.choices !== undefined) return readAnswer(name, json);
  throw new RunFileError(
    `${name} is neither a run that was saved here nor an OpenAI answer with logprobs; choose a .json file of one of these.`,
  );
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RunFileError(`${name} is no JSON, or was cut off; save or download it again.`, { cause });
  }
}

function readDocument(name: string, json: unknown): ReadRun {
  const { version } = json as { version?: unknown };
  if (typeof version === 'number' && version > documentVersion) {
    throw new RunFileError(
      `${name} is of version ${version}, newer than this page, which reads up to ${documentVersion}; reload the page for a newer one.`,
    );
  }
  const result = v.safeParse(documentSchema, json, { abortEarly: true });
  if (!result.success) throw refused(name, 'a run', result.issues[0]);
  return { record: result.output, settings: result.output.settings };
}

function readAnswer(name: string, json: unknown): ReadRun {
  const result = v.safeParse(openAiSchema, json, { abortEarly: true });
  if (result.success) return { record: fromOpenAi(result.output), settings: null };
  const bare = v.safeParse(
    v.object({ choices: v.array(v.looseObject({ logprobs: v.nullish(v.null()) })) }),
    json,
  );
  if (bare.success) {
    throw new RunFileError(
      `${name} is an OpenAI answer without logprobs; ask again with "logprobs": true and "top_logprobs": 5.`,
    );
  }
  throw refused(name, 'an OpenAI answer', result.issues[0]);
}

function refused(name: string, what: string, issue: v.BaseIssue<unknown>): RunFileError {
  const path = issue.path?.map(({ key }) => String(key)).join('.') ?? '';
  const where = path === '' ? '' : ` at ${path.slice(0, 80)}`;
  // The message quotes the value, which may be long.
  const why = issue.message.length > 300 ? `${issue.message.slice(0, 300)}…` : issue.message;
  return new RunFileError(`${name} is not ${what} that can be read${where}: ${why}. Save it anew.`);
}
