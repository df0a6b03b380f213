/** What was looked at: `needed` ones must be there, for others the fix says what they are good for. */
export interface Finding {
  what: string;
  ok: boolean;
  found: string;
  needed: boolean;
  fix: string;
}

/** A finding about something that could not be looked at: no reason to stop, but to know. */
export const unknown = (what: string, error: Error, fix: string): Finding => ({
  what,
  ok: false,
  found: `not known (${error.name}: ${error.message.split("\n")[0]})`,
  needed: false,
  fix,
});
