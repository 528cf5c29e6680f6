const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Maximum length of a format, in characters. The longest that templates use have some ten. */
const MAX_FORMAT_LENGTH = 200;

/**
 * Formats a date like C's strftime in English, with the conversion letters that chat templates use (Llama 3 uses `%d %b %Y`).
 * Unknown letters stay as they are.
 *
 * @throws Error for a format that is too long
 */
export function strftime(date: Date, format: string): string {
  if (format.length > MAX_FORMAT_LENGTH) {
    throw new Error(`a date is written with a format of more than ${MAX_FORMAT_LENGTH} characters`);
  }
  const two = (value: number) => String(value).padStart(2, '0');
  const parts: Readonly<Record<string, () => string>> = {
    Y: () => String(date.getFullYear()),
    y: () => two(date.getFullYear() % 100),
    m: () => two(date.getMonth() + 1),
    d: () => two(date.getDate()),
    H: () => two(date.getHours()),
    I: () => two(date.getHours() % 12 || 12),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
    p: () => (date.getHours() < 12 ? 'AM' : 'PM'),
    B: () => MONTHS[date.getMonth()]!,
    b: () => MONTHS[date.getMonth()]!.slice(0, 3),
    A: () => DAYS[date.getDay()]!,
    a: () => DAYS[date.getDay()]!.slice(0, 3),
    '%': () => '%',
  };
  return format.replace(/%([a-zA-Z%])/g, (whole, letter: string) =>
    Object.hasOwn(parts, letter) ? parts[letter]!() : whole,
  );
}
