/** What Run does where the person is: a view may bring a run of its own. */
import { run } from './texts/run_actions.ts';

let own: (() => Promise<void>) | null = null;

export function runHere(): Promise<void> {
  return (own ?? run)();
}

/** @returns takes it back */
export function bringRun(command: () => Promise<void>): () => void {
  own = command;
  return () => {
    if (own === command) own = null;
  };
}
