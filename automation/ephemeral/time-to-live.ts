const milliseconds = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
type Unit = keyof typeof milliseconds;

/** Milliseconds of a time such as `72h`, `90m`, `3d` or `10s`; undefined when it is none. */
export function timeToLive(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,4})([smhd])$/.exec(text) ?? [];
  return count && unit ? Number(count) * milliseconds[unit as Unit] : undefined;
}
