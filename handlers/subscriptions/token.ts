/** Signs and checks with a key that nobody can read (KMS). */
export interface Signer {
  sign(text: string): Promise<Uint8Array>;
  /** Whether `signature` is of `text`. */
  verify(text: string, signature: Uint8Array): Promise<boolean>;
}

/** For so long the link in a mail works. */
const validHours = 24;

/** Address hash, seconds since 1970 at which it ends, signature in base64url. */
const form = /^([0-9a-f]{32})\.(\d{10,11})\.([\w-]{43})$/;

const signedText = (hash: string, expires: string) => `unsubscribe ${hash} until ${expires}`;

/** What the link in a mail carries: it lets its holder take the address of `hash` out, and nothing else. */
export async function createToken(hash: string, signer: Signer, now: Date): Promise<string> {
  const expires = `${Math.floor(now.getTime() / 1000) + validHours * 3600}`;
  const signature = await signer.sign(signedText(hash, expires));
  return [hash, expires, Buffer.from(signature).toString("base64url")].join(".");
}

/** The address hash of a token; undefined when it is not whole, not signed by us, or has ended. */
export async function readToken(token: string, signer: Signer, now: Date): Promise<string | undefined> {
  const [, hash, expires, signature] = form.exec(token) ?? [];
  if (hash === undefined || expires === undefined || signature === undefined) return undefined;
  if (Number(expires) * 1000 <= now.getTime()) return undefined;
  const isOurs = await signer.verify(signedText(hash, expires), Buffer.from(signature, "base64url"));
  return isOurs ? hash : undefined;
}
