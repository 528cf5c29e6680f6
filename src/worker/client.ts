/** The page's end of the boundary. */
import * as Comlink from 'comlink';
import type { WorkerApi } from './api.ts';
import { receiveTypedErrors } from './boundary_error.ts';

export interface WorkerClient extends WorkerApi {
  /** Ends the worker at once, whatever it is doing. */
  terminate(): void;
}

/**
 * Starts the worker.
 * @param onDeath called when the worker could not start or died; nothing that was asked of it will be answered
 */
export function connectWorker(onDeath: (message: string) => void): WorkerClient {
  receiveTypedErrors();
  const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), {
    type: 'module',
    name: 'engine',
  });
  worker.addEventListener('error', (event) => onDeath(event.message || 'it could not be started'));
  const remote = Comlink.wrap<WorkerApi>(worker);
  return {
    models: () => remote.models(),
    load: (choice, onProgress) => remote.load(choice, Comlink.proxy(onProgress)),
    tokenise: (source) => remote.tokenise(source),
    run: (request, onEvents) => remote.run(request, Comlink.proxy(onEvents)),
    stop: () => remote.stop(),
    adopt: (line, text) => remote.adopt(line, text),
    inspect: (place, params, options) => remote.inspect(place, params, options),
    candidate: (place, params, token) => remote.candidate(place, params, token),
    score: (place, params, text) => remote.score(place, params, text),
    rederive: (line, params) => remote.rederive(line, params),
    grammarProblem: (grammar) => remote.grammarProblem(grammar),
    distributions: (places, top) => remote.distributions(places, top),
    temperatureStrip: (asked, temperatures) => remote.temperatureStrip(asked, temperatures),
    replay: (line, params) => remote.replay(line, params),
    evidence: (line, params, depth) => remote.evidence(line, params, depth),
    searchTokens: (query, limit) => remote.searchTokens(query, limit),
    machine: () => remote.machine(),
    measure: () => remote.measure(),
    forget: (line) => remote.forget(line),
    pauseLoading: () => remote.pauseLoading(),
    shelf: () => remote.shelf(),
    deleteKept: (key) => remote.deleteKept(key),
    findModel: (typed, hubUrl) => remote.findModel(typed, hubUrl),
    serverModels: (baseUrl, key) => remote.serverModels(baseUrl, key),
    hubModels: (contextLength) => remote.hubModels(contextLength),
    webLlmModels: () => remote.webLlmModels(),
    loadSecond: (choice, onProgress) => remote.loadSecond(choice, Comlink.proxy(onProgress)),
    tokeniseSecond: (source) => remote.tokeniseSecond(source),
    runSecond: (request, onEvents) => remote.runSecond(request, Comlink.proxy(onEvents)),
    distances: (line) => remote.distances(line),
    closeSecond: () => remote.closeSecond(),
    terminate: () => worker.terminate(),
  };
}
