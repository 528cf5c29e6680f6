import type { ChartConfiguration } from 'chart.js';
import type { CandidateRow, StepView } from '../../worker/api/views';
import { count, decimal, percent, restName, rowName, visible } from '../format';
import { axisTitle, cornerTitle, decadeAxis, shareAxis } from './axes';
import { typeSize, type ChartTheme } from './chart_theme';
import { endLabels, endRoom } from './end_labels';
import type { LegendItem } from './legend';

export interface CandidatesOptions {
  readonly scale: 'linear' | 'log';
  /** The name of a stage, from its key. */
  readonly stageLabel: (stage: string) => string;
}

/** The lowest probability on the log axis. */
const logFloor = 1e-6;

/** The height in CSS pixels of `rows` candidates and the bar of the rest. */
export function candidatesHeight(rows: number): number {
  return Math.max(3, rows + 1) * 19 + 46;
}

export function candidatesLegend(theme: ChartTheme): LegendItem[] {
  return [
    { label: 'raw', colour: theme.raw, mark: 'bar' },
    { label: 'final', colour: theme.final, mark: 'bar' },
    { label: 'removed, and by what', colour: theme.gone, mark: 'bar' },
  ];
}

/** The raw and final probabilities of the top candidates. Removed ones are grey and name the stage that removed them. */
export function candidatesConfig(
  view: StepView,
  theme: ChartTheme,
  options: CandidatesOptions,
): ChartConfiguration<'bar', (number | null)[], string> {
  const { rows, rest } = view;
  const log = options.scale === 'log';
  const shown = (p: number): number | null => (log ? (p < logFloor ? null : p) : p);
  const rawColours = rows.map((row) => (row.removedBy === null ? theme.raw : theme.gone));
  // What a server did not tell is NaN and has no bar.
  const told = [rest, ...rows].flatMap(({ raw, final }) => [raw, final]).filter((p) => !Number.isNaN(p));
  const largest = Math.max(0, ...told);
  const labels = rows.map((row) => `${row.token === view.chosen ? '▸ ' : ''}${rowName(row.label)}`);
  const ends = [
    ...rows.map((row) => ({
      text: row.removedBy === null ? percent(row.final) : options.stageLabel(row.removedBy),
      colour: row.removedBy === null ? theme.ink : theme.muted,
    })),
    { text: percent(rest.final), colour: theme.muted },
  ];
  return {
    type: 'bar',
    data: {
      labels: [...labels, restName(rest)],
      datasets: [
        {
          label: 'raw',
          data: [...rows.map((row) => shown(row.raw)), shown(rest.raw)],
          backgroundColor: [...rawColours, theme.gone],
          barThickness: 5,
        },
        {
          label: 'final',
          data: [...rows.map((row) => shown(row.final)), shown(rest.final)],
          backgroundColor: theme.final,
          barThickness: 5,
        },
      ],
    },
    options: {
      indexAxis: 'y',
      layout: { padding: { right: endRoom(ends, theme) } },
      interaction: { mode: 'index', axis: 'y', intersect: false },
      scales: {
        x: {
          ...(log ? { ...decadeAxis(theme), min: logFloor } : shareAxis(theme)),
          ...(log || largest > 0.8 ? { max: 1 } : {}),
          title: axisTitle(theme, 'probability'),
        },
        y: {
          grid: { display: false },
          border: { display: false },
          ticks: {
            autoSkip: false,
            crossAlign: 'far',
            font: (context) => ({
              family: theme.mono,
              size: typeSize(theme, 12),
              weight: rows[context.index]?.token === view.chosen ? 'bold' : 'normal',
            }),
            color: (context) => {
              const row = rows[context.index];
              return row && row.removedBy === null ? theme.ink : theme.muted;
            },
          },
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: ([item]) => {
              const row = rows[item?.dataIndex ?? -1];
              return row ? visible(row.label) : restName(rest);
            },
            label: (item) => describe(item.datasetIndex, rows[item.dataIndex], rest),
          },
        },
      },
    },
    plugins: [endLabels(ends, theme), cornerTitle(theme, 'token')],
  };
}

function describe(dataset: number, row: CandidateRow | undefined, rest: StepView['rest']): string {
  if (!row) return dataset === 0 ? `raw ${percent(rest.raw)}` : `final ${percent(rest.final)}`;
  if (dataset === 0)
    return `raw ${percent(row.raw)}, logprob ${decimal(row.rawLogprob)}, rank ${count(row.rank)}`;
  return row.removedBy === null ? `final ${percent(row.final)}` : `removed by ${row.removedBy}`;
}
