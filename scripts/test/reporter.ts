/** A reporter for Vitest (`--reporter=scripts/test/reporter.ts`) that writes each event to a file at once. */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestSpecification, Vitest } from 'vitest/node';
import { EVENTS_FILE_VARIABLE, type TestEvent } from './events.ts';

const path = process.env[EVENTS_FILE_VARIABLE];

function write(event: TestEvent): void {
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(event)}\n`);
}

const nameOf = (moduleId: string): string => relative(process.cwd(), moduleId);
const testOf = (test: TestCase) => ({ file: nameOf(test.module.moduleId), test: test.fullName });

export default class EventReporter implements Reporter {
  #tagged: readonly string[] = [];

  onInit(vitest: Vitest): void {
    this.#tagged = vitest.config.tagsFilter ?? [];
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    write({ type: 'run', files: specifications.map(({ moduleId }) => nameOf(moduleId)) });
  }

  onTestModuleQueued(module: TestModule): void {
    write({ type: 'open', file: nameOf(module.moduleId) });
  }

  onTestCaseReady(test: TestCase): void {
    if (this.#askedFor(test)) write({ type: 'begin', ...testOf(test) });
  }

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    if (state === 'pending' || !this.#askedFor(test)) return;
    const message = errors?.[0]?.message;
    write({ type: 'result', ...testOf(test), state, ...(message === undefined ? {} : { message }) });
  }

  onTestModuleEnd(module: TestModule): void {
    const seconds = module.diagnostic().duration / 1000;
    write({ type: 'file', file: nameOf(module.moduleId), ok: module.ok(), seconds });
  }

  onTestRunEnd(_: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    write({ type: 'end', errors: unhandledErrors.length });
  }

  /** Tests without the tags of this run (`--tags-filter`) do not count as skipped. */
  #askedFor(test: TestCase): boolean {
    return this.#tagged.every((tag) => test.tags.includes(tag));
  }
}
