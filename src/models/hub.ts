import { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import * as v from 'valibot';
import { EngineError } from '../engines/contract.ts';
import type { RemoteFile } from './model_store.ts';

const HUB_URL = 'https://huggingface.co';

/** A GGUF file of a repository. */
export interface HubFile extends RemoteFile {
  /** Path within the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** The block formats that its name states, e.g. `Q4_K_M`; null if it states none. */
  readonly format: string | null;
  /** Why this page cannot read it; null if it can. */
  readonly unreadable: string | null;
}

export interface HubRepository {
  readonly name: string;
  /** The commit that was listed. Files are fetched from it, whatever is uploaded later. */
  readonly revision: string;
  readonly licence: string | null;
  /** Files of a gated repository can be listed, but not fetched without an account. */
  readonly gated: boolean;
  readonly files: readonly HubFile[];
}

export interface HubOptions {
  /** Another address of the hub, such as a mirror. */
  readonly hubUrl?: string;
  readonly fetch?: typeof fetch;
}

/** A person's input: a repository, a file in one, or any address of a file. */
export type Place =
  | { readonly kind: 'repository'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string }
  | { readonly kind: 'url'; readonly url: string; readonly fileName: string };

const NAME = /^[\w.-]+\/[\w.-]+$/;
const HUB_HOSTS = ['huggingface.co', 'www.huggingface.co', 'hf.co'];

/** @throws EngineError `not-supported` for anything else */
export function parsePlace(typed: string, hubUrl = HUB_URL): Place {
  const text = typed.trim();
  if (NAME.test(text)) return { kind: 'repository', name: text };
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['https:', 'http:'].includes(url.protocol)) {
    throw new EngineError(
      'not-supported',
      `“${text.slice(0, 80)}” is neither owner/repository nor a link; type for example Qwen/Qwen2.5-0.5B-Instruct-GGUF.`,
    );
  }
  if (HUB_HOSTS.includes(url.host) || url.host === new URL(hubUrl).host) {
    const [owner, repository, action, , ...path] = url.pathname.split('/').filter(Boolean).map(decoded);
    const name = `${owner}/${repository}`;
    if (NAME.test(name)) {
      const isFile = (action === 'blob' || action === 'resolve') && path.length > 0;
      return isFile ? { kind: 'file', name, path: path.join('/') } : { kind: 'repository', name };
    }
  }
  const fileName = decoded(url.pathname.slice(url.pathname.lastIndexOf('/') + 1)) || url.host;
  return { kind: 'url', url: url.href, fileName };
}

/** A part of an address, decoded; one with a bare `%` stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The fields of the hub's answers that we use and check. */
const infoSchema = v.object({
  sha: v.string(),
  gated: v.optional(v.union([v.literal(false), v.string()]), false),
  cardData: v.optional(v.object({ license: v.optional(v.union([v.string(), v.array(v.string())])) })),
});
const fileSchema = v.object({
  path: v.string(),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  lfs: v.optional(v.object({ oid: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) })),
});

/**
 * Lists a repository's GGUF files, the smallest first.
 * @throws EngineError `network` if the repository is missing, private or gated; `bad-reply`
 */
export async function listRepository(name: string, options: HubOptions = {}): Promise<HubRepository> {
  const { hubUrl = HUB_URL, fetch: get = fetch.bind(globalThis) } = options;
  try {
    const told = await modelInfo({ name, hubUrl, fetch: get, additionalFields: ['sha', 'cardData'] });
    const info = v.parse(infoSchema, told);
    const files: HubFile[] = [];
    for await (const entry of listFiles({
      repo: name,
      recursive: true,
      revision: info.sha,
      hubUrl,
      fetch: get,
    })) {
      if (entry.type !== 'file' || !/\.gguf$/i.test(entry.path)) continue;
      files.push(hubFile(v.parse(fileSchema, entry), `${hubUrl}/${name}/resolve/${info.sha}`));
    }
    const licence = info.cardData?.license;
    return {
      name,
      revision: info.sha,
      licence: Array.isArray(licence) ? licence.join(', ') : (licence ?? null),
      gated: info.gated !== false,
      files: files.sort((a, b) => a.size - b.size),
    };
  } catch (error) {
    throw hubError(name, new URL(hubUrl).host, error);
  }
}

function hubFile({ path, size, lfs }: v.InferOutput<typeof fileSchema>, base: string): HubFile {
  const fileName = path.slice(path.lastIndexOf('/') + 1);
  const format = formatOf(fileName);
  return {
    url: `${base}/${path.split('/').map(encodeURIComponent).join('/')}`,
    fileName,
    path,
    size,
    format,
    unreadable: unreadable(fileName, format),
    ...(lfs ? { sha256: lfs.oid } : {}),
  };
}

/** llama.cpp's names for mixtures of block formats, as they appear in file names. */
function formatOf(fileName: string): string | null {
  const found = /(?:^|[-._])((?:I?Q\d|TQ\d|MXFP4|BF16|F16|F32|FP16|FP32)(?:_[A-Z0-9]+)*)(?=[-._]|$)/i.exec(
    fileName.replace(/\.gguf$/i, ''),
  );
  return found?.[1]?.toUpperCase() ?? null;
}

function unreadable(fileName: string, format: string | null): string | null {
  if (/-\d{5}-of-\d{5}\.gguf$/i.test(fileName)) return 'one part of several; choose a file that is complete';
  if (/^mmproj/i.test(fileName)) return 'a vision projector, not a language model';
  if (format && /^(IQ|TQ|MXFP|Q[23])|^Q4_0_/.test(format))
    return `its block format ${format} is not read here`;
  return null;
}

function hubError(name: string, host: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (error instanceof HubApiError) {
    const { statusCode: status } = error;
    const why: Readonly<Record<number, string>> = {
      401: 'there is no such repository, or it is private',
      403: 'it is gated or private; download the file with your account there and open it from your disk',
      404: 'there is no such repository; check the spelling',
      429: 'too many requests were made; wait a minute',
    };
    const reason = why[status] ?? (status >= 500 ? 'the hub has a fault; try again later' : 'check the name');
    return new EngineError('network', `${host} answered ${status} for ${name}: ${reason}.`, { cause: error });
  }
  if (error instanceof v.ValiError || error instanceof SyntaxError) {
    return new EngineError(
      'bad-reply',
      `${host} answered for ${name} with something that is not a listing of files.`,
      {
        cause: error,
      },
    );
  }
  return new EngineError('network', `${host} cannot be reached for ${name}; check the connection.`, {
    cause: error,
  });
}
