import { expect } from "chai";
import { ApiSite } from "../../../components/api/api-site";
import { type ModelEndpoint } from "../../../components/endpoint/model-endpoint";
import { type Grantee } from "../../../components/shared/policy";
import { context, declare, only } from "../mocks";

describe("ApiSite", () => {
  it("answers four addresses without a key, and may only describe the endpoint", async () => {
    let site: ApiSite | undefined;
    const granted: string[] = [];
    const endpoint = {
      endpointName: "slipway-dev-serverless",
      grantReadRelease: ({ label }: Grantee) => granted.push(label),
    } as unknown as ModelEndpoint;
    const declared = await declare(() => {
      site = new ApiSite("site", {
        context,
        endpoint,
        subscriptions: true,
        allowedOrigins: [],
        logRetentionDays: 30,
      });
    });
    expect(
      site?.routes.map(({ method, path, apiKeyRequired }) => [method, path, apiKeyRequired]),
    ).to.deep.equal(["/", "/openapi.json", "/schema", "/health"].map((path) => ["GET", path, false]));
    expect(granted).to.deep.equal(["site"]);
    expect(only(declared, "Function")).to.have.nested.property("environment.variables.SUBSCRIPTIONS", "true");
    expect(declared.filter(({ type }) => type.endsWith(":RolePolicy")).map(({ name }) => name)).to.deep.equal(
      ["site-site-logs"],
    );
  });
});
