/** How numbers of `unit` are shown: amounts of money as such, others with their unit. */
export function figureOf(unit: string): (value: number) => string {
  if (currencies.has(unit)) {
    const format = new Intl.NumberFormat("en-US", { style: "currency", currency: unit });
    return (value) => format.format(value);
  }
  const format = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });
  return (value) => `${format.format(value)}${unit ? ` ${unit}` : ""}`;
}

const currencies = new Set(Intl.supportedValuesOf("currency"));
