import type * as pulumi from "@pulumi/pulumi";
import { type Announcing } from "../../handlers/shared/announcing";
import { requireProperty } from "../shared/validation";
import { checkSubscribers, type Subscriber } from "./subscribers";

export type { Announcing };

/** `subscribers` and, as the short form, `emails`. @throws InputPropertyError with the entry, the bad value and the fix. */
export function readSubscribers(config: pulumi.Config): Subscriber[] {
  const emails = config.requireObject<string[]>("emails");
  for (const email of emails) {
    requireProperty(/^[^@\s]+@[^@\s]+$/.test(email), "emails", email, "give addresses like name@example.com");
  }
  const subscribers = config.getObject<Subscriber[]>("subscribers") ?? [];
  checkSubscribers(subscribers);
  const all = [...emails.map((endpoint): Subscriber => ({ protocol: "email", endpoint })), ...subscribers];
  checkSubscribers(all); // an address may be in one of the two
  return all;
}

const numbers = ["above", "below", "wider"] as const;
const names = ["share", ...numbers, "classes"];

/** `announcePredictions`. @throws InputPropertyError with the field, the bad value and the fix. */
export function readAnnouncing(config: pulumi.Config): Announcing {
  const announcing = config.getObject<Announcing>("announcePredictions") ?? {};
  const field = (name: string) => `announcePredictions.${name}`;
  for (const [name, value] of Object.entries(announcing)) {
    requireProperty(names.includes(name), field(name), value, `leave it out: there are ${names.join(", ")}`);
  }
  const { share, classes } = announcing;
  const isShare = share === undefined || (typeof share === "number" && share >= 0 && share <= 1);
  requireProperty(isShare, field("share"), share, "give a number from 0 (none) to 1 (all)");
  for (const name of numbers) {
    const value = announcing[name];
    requireProperty(value === undefined || typeof value === "number", field(name), value, "give a number");
  }
  const areClasses =
    Array.isArray(classes) && classes.length > 0 && classes.every((one) => typeof one === "string");
  requireProperty(classes === undefined || areClasses, field("classes"), classes, "give a list of classes");
  return announcing;
}
