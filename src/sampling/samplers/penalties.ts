import { defineStage, type NumbersOf } from './definition.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'penalties',
  label: 'Penalties',
  help: 'Lowers tokens that have already appeared.',
  kind: 'adjust',
  withMirostat: true,
  forBeams: true,
  parameters: {
    repeatPenalty: {
      label: 'Repeat penalty',
      range: [0.01, 1000],
      slider: [1, 2],
      step: 0.01,
      default: 1,
      neutral: 1,
      start: 1.1,
      help: 'Divides the logit of a token that has appeared (multiplies it when negative), so that it is less likely again.',
    },
    frequencyPenalty: {
      label: 'Frequency penalty',
      range: [-100, 100],
      slider: [-2, 2],
      step: 0.01,
      default: 0,
      neutral: 0,
      openai: 'frequency_penalty',
      help: 'Lowers a token’s logit by this much for each time it has appeared; negative values invite repeats.',
    },
    presencePenalty: {
      label: 'Presence penalty',
      range: [-100, 100],
      slider: [-2, 2],
      step: 0.01,
      default: 0,
      neutral: 0,
      openai: 'presence_penalty',
      help: 'Lowers a token’s logit by this much once it has appeared at all, however often.',
    },
    penaltyLastN: {
      label: 'Penalty window',
      range: [-1, 1_000_000],
      slider: [0, 512],
      step: 1,
      default: 64,
      neutral: null,
      link: 'repeat_last_n',
      help: 'How many of the last tokens the three penalties look at; 0 none, −1 the whole text.',
    },
  },
  idle: ({ penaltyLastN, repeatPenalty, frequencyPenalty, presencePenalty }) =>
    penaltyLastN === 0 || (repeatPenalty === 1 && frequencyPenalty === 0 && presencePenalty === 0),
});

/**
 * Repetition, frequency and presence penalties over the last `penaltyLastN` tokens, once per distinct token
 * (Keskar et al., CTRL, 2019, with llama.cpp's rule for negative logits; OpenAI's two).
 */
export function build(params: NumbersOf<typeof definition>): Stage | null {
  const { penaltyLastN, repeatPenalty, frequencyPenalty, presencePenalty } = params;
  if (definition.idle(params)) return null;
  const counts = new Map<number, number>();
  return stateless((candidates, { history }) => {
    counts.clear();
    const from = penaltyLastN < 0 ? 0 : Math.max(0, history.length - penaltyLastN);
    for (let i = from; i < history.length; i++) {
      const token = history[i]!;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    let changed = 0;
    for (const [token, count] of counts) {
      if (candidates.fate[token] !== 0) continue;
      const logit = candidates.logits[token]!;
      const repeated = logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty;
      candidates.setLogit(token, repeated - count * frequencyPenalty - presencePenalty);
      changed++;
    }
    if (changed > 0) candidates.endChanges();
    return { changed };
  });
}
