/** Only the parts of Chart.js that the page uses. All of it would cost the bundle twice as much. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Decimation,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
} from 'chart.js';

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Decimation,
  LineController,
  LineElement,
  LinearScale,
  LogarithmicScale,
  PointElement,
  Tooltip,
);

// Every chart fills its frame, and shows what is so at once.
Object.assign(Chart.defaults, { animation: false, maintainAspectRatio: false });

export { Chart };
