import { type SignedRequest, authorize } from "../authorization";
import { signatureOf, signed } from "../signature";

/** How long what the local cloud has allowed holds: a change of a policy takes longer to reach a service of AWS. */
const heldMs = 1_000;
const maxHeld = 1_000;

interface Grant {
  signingKey: Buffer;
  until: number;
}

/**
 * Permissions for requests that come at a rate: who was allowed something may do it again for a moment. The local cloud
 * gives the signing key of the day, as IAM does to a service, so that each request's signature is checked all the same.
 */
export class Grants {
  private readonly held = new Map<string, Grant>();

  constructor(private readonly cloudUrl: string) {}

  /** @throws AwsError as `authorize`: only the local cloud refuses. */
  async authorize(request: SignedRequest, action: string, resource: string): Promise<void> {
    const signature = signatureOf(request);
    const token = request.headers["x-amz-security-token"];
    const key = JSON.stringify([signature?.credential, token, action, resource]);
    const grant = this.held.get(key);
    if (signature && grant && grant.until > Date.now() && signed(request, signature, grant.signingKey))
      return;
    const signingKey = await authorize(this.cloudUrl, request, action, resource);
    if (this.held.size >= maxHeld) this.held.clear();
    if (signingKey) this.held.set(key, { signingKey, until: Date.now() + heldMs });
  }
}
