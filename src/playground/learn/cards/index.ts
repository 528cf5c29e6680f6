/** The cards of Learn, in their order. */
import type { Card } from '../card.ts';
import { base } from './base.ts';
import { bestOfN } from './best_of_n.ts';
import { cache } from './cache.ts';
import { cuts } from './cuts.ts';
import { dry } from './dry.ts';
import { grammar } from './grammar.ts';
import { greedy } from './greedy.ts';
import { languages } from './languages.ts';
import { order } from './order.ts';
import { perplexity } from './perplexity.ts';
import { race } from './race.ts';
import { temperature } from './temperature.ts';

export const cards: readonly Card[] = [
  race,
  temperature,
  cuts,
  order,
  dry,
  greedy,
  perplexity,
  languages,
  grammar,
  cache,
  bestOfN,
  base,
];
