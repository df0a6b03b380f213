import { expect } from "chai";
import { X509Certificate } from "node:crypto";
import { tlsFor } from "../../../handlers/ingest-rds/tls";

const issuers = (ca: string[]) => ca.map((pem) => new X509Certificate(pem).subject);

describe("tlsFor", () => {
  it("verifies RDS against Amazon's authorities for it, and no others", () => {
    const tls = tlsFor("shop.abc123.us-east-1.rds.amazonaws.com");
    expect(tls?.rejectUnauthorized).to.equal(true);
    expect(issuers(tls!.ca).filter((subject) => !/Amazon|Starfield Services/.test(subject))).to.deep.equal(
      [],
    );
    expect(issuers(tls!.ca).join()).to.include("Amazon RDS us-east-1 Root CA RSA2048 G1");
  });

  it("verifies any other host against the public ones, one that only looks like RDS too", () => {
    for (const host of ["db.example.com", "rds.amazonaws.com.example.com"]) {
      const tls = tlsFor(host);
      expect(tls?.rejectUnauthorized).to.equal(true);
      expect(issuers(tls!.ca).join()).not.to.include("Amazon RDS");
    }
  });

  it("needs none on this machine", () => {
    for (const host of ["127.0.0.1", "localhost", "::1"]) expect(tlsFor(host)).to.equal(undefined);
  });
});
