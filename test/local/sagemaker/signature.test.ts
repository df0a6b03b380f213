import { HttpRequest } from "@smithy/core/protocols";
import { Hash } from "@smithy/core/serde";
import { SignatureV4, getSigningKey } from "@smithy/signature-v4";
import { expect } from "chai";
import type { SignedRequest } from "../../../local/sagemaker/authorization";
import { signatureOf, signed } from "../../../local/sagemaker/signature";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token" };
const sha256 = Hash.bind(null, "sha256");
const scope = { region: "us-east-1", service: "sagemaker" };

/** A request as AWS's SDK for JavaScript signs it. */
async function request(signingDate = new Date()): Promise<SignedRequest> {
  const signer = new SignatureV4({ ...scope, credentials, sha256 });
  const [method, path, body] = ["POST", "/endpoints/taxi-fares/invocations", '{"instances": []}'];
  const headers = { host: "127.0.0.1:4000", "content-type": "application/json", "x-spaces": " a   b " };
  const { headers: sent } = await signer.sign(
    new HttpRequest({ method, path, body, headers, protocol: "http:", hostname: "127.0.0.1" }),
    { signingDate },
  );
  return { method, path, query: {}, headers: sent, body: Buffer.from(body) };
}

async function fits(one: SignedRequest, time = new Date()): Promise<boolean> {
  const date = time.toISOString().slice(0, 10).replaceAll("-", "");
  const key = await getSigningKey(sha256, credentials, date, scope.region, scope.service);
  return signed(one, signatureOf(one)!, Buffer.from(key));
}

describe("signature of a request", () => {
  it("is that of AWS's SDK", async () => {
    expect(await fits(await request())).to.equal(true);
  });

  it("is not that of another body, path, method, header or token", async () => {
    const one = await request();
    const others: Partial<SignedRequest>[] = [
      { body: Buffer.from('{"instances": [1]}') },
      { path: "/endpoints/taxi-tips/invocations" },
      { method: "PUT" },
      { query: { a: ["b"] } },
      { headers: { ...one.headers, "content-type": "text/csv" } },
      { headers: { ...one.headers, "x-amz-security-token": "another" } },
    ];
    for (const other of others)
      expect(await fits({ ...one, ...other }), JSON.stringify(other)).to.equal(false);
  });

  it("is not good for longer than AWS's five minutes, nor before its time", async () => {
    for (const minutes of [-6, 6]) {
      const time = new Date(Date.now() + minutes * 60_000);
      expect(await fits(await request(time), time)).to.equal(false);
    }
  });

  it("is not found where there is none, or another kind", () => {
    const bare: SignedRequest = { method: "POST", path: "/", query: {}, headers: {}, body: Buffer.from("") };
    expect(signatureOf(bare)).to.equal(undefined);
    const basic = { ...bare, headers: { authorization: "Basic YTpi" } };
    expect(signatureOf(basic)).to.equal(undefined);
  });
});
