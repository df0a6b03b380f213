import type { Fleet } from "./fleet";

/** Which fleets answer the requests of one endpoint, and in what shares. */
export class Traffic {
  private next: { fleet: Fleet; share: number } | undefined;

  constructor(
    /** What serves the endpoint for good, until `settle`. */
    public current: Fleet,
  ) {}

  /** Gives `share` of the requests, from 0 to 1, to a new fleet; 0 gives all of them back. */
  shift(fleet: Fleet, share: number): void {
    this.next = share === 0 ? undefined : { fleet, share };
  }

  /** Makes the new fleet the one for good. @returns the old one. */
  settle(fleet: Fleet): Fleet {
    const old = this.current;
    this.current = fleet;
    this.next = undefined;
    return old;
  }

  /** The fleet for one request. */
  choose(): Fleet {
    return this.next && Math.random() < this.next.share ? this.next.fleet : this.current;
  }

  fleets(): Fleet[] {
    return this.next ? [this.current, this.next.fleet] : [this.current];
  }
}
