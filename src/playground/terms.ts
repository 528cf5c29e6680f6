/** The page's glossary: what its terms mean, in one or two sentences. The stages' meanings are in their own files. */
import { STAGES, type StageName } from '../sampling/params.ts';

const meanings = {
  raw: 'The probability that the model gives the token, before any stage of the chain: the softmax of its logits.',
  final: 'The probability with which the token is drawn: what the chain makes of the raw one.',
  logit:
    'The model’s score for the token. Only differences between logits count: softmax turns them into probabilities.',
  logprob:
    'The natural logarithm of the raw probability. 0 is certain, −0.69 is one in two, −4.6 is one in a hundred.',
  surprisal: 'The negative logprob, in nats. The less likely a token, the more surprising it is.',
  rank: 'The token’s place when all are sorted by raw probability. Rank 1 is the most likely.',
  entropy:
    'How undecided the distribution is, in nats: 0 if one token is certain, ln n if n tokens are equally likely. First raw, then final.',
  kept: 'How many candidates the chain leaves to draw from.',
  u: 'The random number from 0 to 1 that decides the draw. Lay the final probabilities end to end: the token that covers u is drawn.',
  perplexity:
    'The exponential of the mean surprisal so far. At 5, the model is as unsure as between five equally likely tokens.',
  masked: 'The share of the raw mass that the grammar takes away at this step.',
  fate: 'What the chain made of the token: chosen, kept, or the stage that removed it.',
  seed: 'Where the random numbers begin. The same model, prompt, settings and seed give the same text.',
  chain: 'The stages in their order. Each takes the distribution that the one before it leaves.',
} as const;

export type Term = keyof typeof meanings | StageName;

export function meaningOf(term: Term): string {
  return term in meanings ? meanings[term as keyof typeof meanings] : STAGES[term as StageName].help;
}
