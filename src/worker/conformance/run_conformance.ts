/**
 * The whole check of this browser and its adapter, from the kernels to the model that comes with the page. It is fetched when
 * the conformance page asks for it.
 */
import { type Engine, EngineError } from '../../engines/contract.ts';
import { WebGpuSession } from '../../engines/webgpu/model/session.ts';
import { verdictsInMemory } from '../../engines/webgpu/selftest/verdicts.ts';
import { testEverything } from '../../engines/webgpu/selftest/whole_test.ts';
import { CATALOGUE } from '../../models/catalogue.ts';
import { REFERENCE_CASES, REFERENCE_TOLERANCE, referenceError } from '../../sampling/reference_cases.ts';
import { missingWebGpu } from '../../engines/webgpu/browser/missing_webgpu.ts';
import { openCatalogue } from '../loading/open_catalogue.ts';
import { openArriving } from '../loading/open_engine.ts';
import { benchRows } from './bench.ts';
import { forcedDecoding } from './forced_decoding.ts';
import type { ConformanceReport, ConformanceRow } from './report.ts';

/**
 * @param base the page's address; the model and the reference logits are relative to it
 * @param onRow receives each row as soon as it is known
 */
export async function runConformance(
  base: string,
  onRow: (row: ConformanceRow) => void,
): Promise<ConformanceReport> {
  const rows: ConformanceRow[] = [];
  const add = (row: ConformanceRow): void => {
    rows.push(row);
    onRow(row);
  };
  samplingRows().forEach(add);
  let engine: Engine | null = null;
  try {
    engine = await openEmbedded(base);
    await engineRows(engine, base, add);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    add({ group: 'model', name: 'The engine', outcome: 'failed', detail: error.message });
  }
  const description = engine?.describe();
  engine?.dispose();
  return {
    at: `${new Date().toISOString().slice(0, 16)}Z`,
    adapter: description?.adapter ?? 'none',
    browser: navigator.userAgent,
    numerics: description?.numerics ?? 'none',
    rows,
  };
}

async function engineRows(engine: Engine, base: string, add: (row: ConformanceRow) => void): Promise<void> {
  const { selfTest } = engine.describe();
  for (const detail of selfTest?.detours ?? [])
    add({ group: 'kernels', name: 'Left aside', outcome: 'failed', detail });
  if (engine.session instanceof WebGpuSession) {
    await testEverything(engine.session.runtime.context, ({ what, variants, verdict }) => {
      const outcome = verdict === 'right' ? 'ok' : 'failed';
      const tested = `${variants} variant${variants === 1 ? '' : 's'}`;
      const detail = {
        right: 'as computed in f64',
        wrong: 'wrong',
        uneven: 'not the same alone and in a batch',
        refused: 'does not compile',
      };
      add({ group: 'kernels', name: what, outcome, detail: `${tested}, ${detail[verdict]}` });
    });
  }
  for (const row of await forcedDecoding(engine, base)) add(row);
  for (const row of await benchRows(engine)) add(row);
}

/** Opens the model that comes with the page, and ignores stored results of the self-test. */
async function openEmbedded(base: string): Promise<Engine> {
  const missing = await missingWebGpu();
  if (missing !== null) throw new EngineError('no-webgpu', missing);
  const options = { signal: new AbortController().signal, onProgress: () => undefined };
  const fetched = (signal: AbortSignal) => openCatalogue(CATALOGUE[0]!, base, { ...options, signal });
  return openArriving(fetched, options, { verdicts: verdictsInMemory(), counted: false });
}

/** A row per sampler: how many of its published figures it meets. */
function samplingRows(): ConformanceRow[] {
  const bySampler = new Map<string, number[]>();
  for (const one of REFERENCE_CASES) {
    const sampler = one.name.replace(/ [\d.].*|,.*/, '');
    bySampler.set(sampler, [...(bySampler.get(sampler) ?? []), referenceError(one)]);
  }
  return [...bySampler].map(([name, errors]) => {
    const met = errors.filter((error) => error < REFERENCE_TOLERANCE).length;
    const figures = `${met} of ${errors.length} published figures`;
    return { group: 'sampling', name, outcome: met === errors.length ? 'ok' : 'failed', detail: figures };
  });
}
