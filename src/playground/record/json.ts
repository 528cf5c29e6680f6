/** JSON of settings and runs: the one number that JSON has no word for is a ban's −∞. */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, item: unknown) => (item === -Infinity ? 'ban' : item), indent);
}
