import { type Claims, type Turn } from "../../../handlers/publish/claims";

/** Claims as the state table keeps them, in memory; `lapse` lets all leases end. */
export class MemoryClaims implements Claims {
  readonly state = new Map<string, "claimed" | "published">();

  claim(ids: string[]): Promise<Map<string, Turn>> {
    const turns = ids.map((id): [string, Turn] => {
      const state = this.state.get(id);
      if (state === undefined) this.state.set(id, "claimed");
      return [id, state === undefined ? "mine" : state === "claimed" ? "busy" : "published"];
    });
    return Promise.resolve(new Map(turns));
  }

  settle(ids: string[]): Promise<void> {
    for (const id of ids) this.state.set(id, "published");
    return Promise.resolve();
  }

  lapse(): void {
    for (const [id, state] of this.state) if (state === "claimed") this.state.delete(id);
  }
}
