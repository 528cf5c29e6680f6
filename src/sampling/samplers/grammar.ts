import { defineStage } from './definition.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'grammar',
  label: 'Grammar',
  help: 'Removes every token with which the text could no longer become valid.',
  kind: 'mask',
  withMirostat: true,
  forBeams: true,
  llamaCpp: null,
  parameters: {},
});

/** Removes what the step's mask does not allow. The mask comes from outside; a step without one passes. */
const stage = stateless((candidates, step) => {
  if (!step.allowed) return {};
  candidates.keepAllowed(step.allowed);
  return { cut: { quantity: 'forbidden', value: 0 } };
});

export function build(): Stage {
  return stage;
}
