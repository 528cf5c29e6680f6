import { stateless } from './stage.ts';

/** Removes what the step's mask does not allow. The mask comes from outside; a step without one passes. */
export const grammar = stateless('grammar', (candidates, step) => {
  if (!step.allowed) return {};
  candidates.keepAllowed(step.allowed);
  return { cut: { quantity: 'forbidden', value: 0 } };
});
