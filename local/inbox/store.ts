import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Delivery, type Email } from "./email";

export interface EmailFilter {
  /** The subscriber's address, whole, in any case. */
  to?: string;
  /** Received at or after this moment. */
  since?: Date;
  /** Part of the subject, in any case. */
  subject?: string;
  /** Part of address, subject or body, in any case. */
  text?: string;
}

/** The emails: one JSON file each below `folder`, and all of them in memory. Emits `stored` with each new one. */
export class EmailStore extends EventEmitter<{ stored: [Email] }> {
  /** Oldest first, as they were received. */
  private readonly emails = new Map<string, Email>();
  private lastReceived = 0;

  constructor(private readonly folder: string) {
    super();
    this.setMaxListeners(0); // one for every open page
    mkdirSync(folder, { recursive: true });
    for (const email of readAll(folder)) {
      this.emails.set(email.id, email);
      this.lastReceived = Date.parse(email.receivedAt);
    }
  }

  /**
   * Keeps an email; it is on the disk when this returns. SNS delivers at least once: the same message to the same
   * address is kept once.
   */
  store(delivery: Delivery): { email: Email; isNew: boolean } {
    const id = createHash("sha256")
      .update(`${delivery.messageId}\n${delivery.to}`)
      .digest("hex")
      .slice(0, 20);
    const known = this.emails.get(id);
    if (known) return { email: known, isNew: false };
    this.lastReceived = Math.max(Date.now(), this.lastReceived + 1); // so that the order survives a restart
    const email: Email = { id, receivedAt: new Date(this.lastReceived).toISOString(), ...delivery };
    const draft = join(this.folder, `${id}.draft`);
    writeFileSync(draft, JSON.stringify(email, null, 2), { mode: 0o600, flush: true });
    renameSync(draft, join(this.folder, `${id}.json`));
    this.emails.set(id, email);
    this.emit("stored", email);
    return { email, isNew: true };
  }

  get(id: string): Email | undefined {
    return this.emails.get(id);
  }

  /** Newest first. */
  list(filter: EmailFilter = {}): Email[] {
    return [...this.emails.values()].filter((email) => matches(email, filter)).reverse();
  }
}

function matches(email: Email, { to, since, subject, text }: EmailFilter): boolean {
  return (
    (!to || email.to.toLowerCase() === to.toLowerCase()) &&
    (!since || email.receivedAt >= since.toISOString()) &&
    (!subject || contains(email.subject, subject)) &&
    (!text || [email.to, email.subject, email.body].some((field) => contains(field, text)))
  );
}

const contains = (field: string, part: string) => field.toLowerCase().includes(part.toLowerCase());

function readAll(folder: string): Email[] {
  const emails: Email[] = [];
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".json"))) {
    try {
      emails.push(JSON.parse(readFileSync(join(folder, name), "utf8")) as Email);
    } catch (error) {
      console.error(`inbox: ${join(folder, name)} is not shown: ${(error as Error).message}`);
    }
  }
  return emails.sort((a, b) => a.receivedAt.localeCompare(b.receivedAt));
}
