/** Offers the model that a link names. The page fetches nothing and asks no server without a click that names it. */
import { openScripted } from '../engine_actions.ts';
import { findModel, openRemoteModel, openWebLlmModel, readWebLlmModels, webLlmId } from '../model_actions.ts';
import { notify } from '../notices.ts';
import type { RemoteFile } from '../../models/model_store.ts';

/** `owner/repository/folder/file.gguf@revision`, as a person may write it. Without a revision it is the newest. */
const hubFile = /^([\w.-]+\/[\w.-]+)\/([\w./-]+\.gguf)(?:@([\w.-]+))?$/;
const newest = 'main';

/** @returns the address of a model's file; null for a model that has none */
export function modelAddress(model: string): string | null {
  const [, repository, path, revision = newest] = hubFile.exec(model) ?? [];
  if (repository && path) return `https://huggingface.co/${repository}/resolve/${revision}/${path}`;
  return model.startsWith('https://') && URL.canParse(model) ? model : null;
}

/** @param fileSize bytes, if the link's record has it */
export function offerModel(model: string, fileSize: number | null): void {
  if (model === 'scripted') {
    notify('info', 'The link was made with the scripted engine, which is no language model.', {
      label: 'Use it',
      run: () => void openScripted(),
    });
  } else if (model === 'server' || model.startsWith('server:')) {
    const what = model === 'server' ? 'a model' : `the model “${model.slice('server:'.length)}”`;
    notify(
      'info',
      `The link was made with ${what} on a server, which it does not name; connect to one that has it under Models to run it again.`,
    );
  } else if (webLlmId(model) !== null) {
    void offerWebLlm(webLlmId(model)!);
  } else if (modelAddress(model) === null) {
    const what = model === 'file' ? 'a model from a file on its sender’s disk' : `the model “${model}”`;
    notify('info', `The link was made with ${what}; open that file to run it again here.`);
  } else {
    const url = modelAddress(model)!;
    const { host, pathname } = new URL(url);
    const name = fileName(pathname);
    const size = fileSize ? megabytes(fileSize) : 'a size that only the server knows';
    notify('info', `The link was made with ${name} from ${host}, ${size}.`, {
      label: fileSize ? `Download ${megabytes(fileSize)} from ${host}` : `Ask ${host} for its size`,
      run: () => void (fileSize ? openRemoteModel(remote(url, fileSize)) : askForSize(url)),
    });
  }
}

async function offerWebLlm(id: string): Promise<void> {
  const { models, hosts, problem } = await readWebLlmModels();
  const offer = models.find((model) => model.id === id);
  if (!offer || problem !== null) {
    const why = problem ?? 'this page has no such model in its list.';
    notify('info', `The link was made with “${id}” on web-llm: ${why}`);
    return;
  }
  const size = megabytes(offer.downloadBytes);
  notify(
    'info',
    `The link was made with ${offer.name} on web-llm, about ${size} from ${hosts.join(' and ')}.`,
    {
      label: `Download about ${size} from ${hosts[0]}`,
      run: () => void openWebLlmModel(offer),
    },
  );
}

async function askForSize(model: string): Promise<void> {
  const { host, pathname } = new URL(model);
  try {
    const found = await findModel(model);
    const listed =
      found.kind === 'url' ? found.file : found.repository.files.find(({ path }) => path === found.path);
    // A listing is of the newest revision. A link that names another revision gets that one.
    const same = listed && (listed.url === model || pathname.includes(`/resolve/${newest}/`));
    const file = same ? listed : remote(model, null);
    const size = file.size === undefined ? 'a file of unknown size' : megabytes(file.size);
    notify('info', `${fileName(pathname)} on ${host}: ${size}.`, {
      label: `Download it from ${host}`,
      run: () => void openRemoteModel(file),
    });
  } catch (error) {
    notify('error', error instanceof Error ? error.message : String(error));
  }
}

function remote(url: string, size: number | null): RemoteFile {
  const { pathname } = new URL(url);
  return { url, fileName: fileName(pathname), ...(size === null ? {} : { size }) };
}

function fileName(pathname: string): string {
  return pathname.split('/').at(-1) ?? pathname;
}

function megabytes(size: number): string {
  return `${Math.max(1, Math.round(size / 1e6))} MB`;
}
