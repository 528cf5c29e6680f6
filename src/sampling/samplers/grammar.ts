import { defineStage } from './definition.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'grammar',
  label: 'Grammar',
  help: 'Removes every token that would make it impossible for the text to become valid.',
  kind: 'mask',
  withMirostat: true,
  forBeams: true,
  llamaCpp: null,
  parameters: {},
  idle: ({ grammar }: { readonly grammar?: unknown }) => !grammar,
});

/** Removes every token that the step's mask does not allow. A step without a mask allows all. */
const stage = stateless((candidates, step) => {
  if (!step.allowed) return {};
  candidates.keepAllowed(step.allowed);
  return { cut: { quantity: 'forbidden', value: 0 } };
});

export function build(): Stage {
  return stage;
}
