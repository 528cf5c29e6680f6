/**
 * XGrammar, a megabyte of WebAssembly that is fetched when the first grammar is used. It is a UMD file in a package that declares
 * itself an ES module, so its exports may be in the module or on the global object, depending on the loader.
 *
 * If it cannot read a grammar, it calls `abort` and prints the reason through the console functions that existed when the library
 * was instantiated. Those are ours: they record what is printed while a grammar is being read.
 */
import type * as xgrammar from '@mlc-ai/web-xgrammar';

import { instantiated, type Unwind } from './wasm_stack.ts';

type Library = typeof xgrammar;

let library: Promise<Library> | null = null;
/** The parser's output while it runs; null otherwise. */
let heard: string[] | null = null;
/** Frees the stack after an `abort`. */
let unwind: Unwind = () => undefined;
/** Parsers run one at a time, so that each gets its own output. */
let queue: Promise<unknown> = Promise.resolve();

/** @throws Error if it cannot be fetched; a later call tries again */
// The first call instantiates the WebAssembly.
export function loadLibrary(): Promise<Library> {
  library ??= open().catch((error: unknown) => {
    library = null;
    throw error;
  });
  return library;
}

async function open(): Promise<Library> {
  const module: Partial<Library> & { default?: Partial<Library> } = await import('@mlc-ai/web-xgrammar');
  const found = [module, module.default, (globalThis as { xgrammar?: Library }).xgrammar].find(
    (each) => each?.GrammarCompiler !== undefined,
  ) as Library | undefined;
  if (!found) throw new Error('The grammar library was loaded, but its functions are missing.');
  /* eslint-disable no-console -- the library is given a console of our own while it starts, see above */
  const { log, error } = console;
  const through =
    (print: typeof log) =>
    (...words: unknown[]): void => {
      if (heard) heard.push(words.map(String).join(' '));
      else print.apply(console, words);
    };
  console.log = through(log);
  console.error = through(error);
  try {
    // Its WebAssembly is instantiated with the first call.
    unwind = await instantiated(async () => (await found.Grammar.builtinJSONGrammar()).dispose());
  } finally {
    Object.assign(console, { log, error });
  }
  /* eslint-enable no-console */
  return found;
}

/**
 * Runs a parser.
 * @returns its result, or what it printed if it failed
 */
export function listen<T>(parse: () => Promise<T>): Promise<{ value: T } | { said: string }> {
  const mine = queue.then(async () => {
    heard = [];
    try {
      return { value: await parse() };
    } catch (error) {
      unwind();
      return { said: heard.join('\n') || (error instanceof Error ? error.message : String(error)) };
    } finally {
      heard = null;
    }
  });
  queue = mine;
  return mine;
}
