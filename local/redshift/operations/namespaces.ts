import type {
  CreateNamespaceRequest,
  DeleteNamespaceRequest,
  UpdateNamespaceRequest,
} from "@aws-sdk/client-redshift-serverless";
import { randomUUID } from "node:crypto";
import { anyResource, arnOf, conflict, namespaceOf, operation, type Platform } from "../platform";
import type { NamespaceRecord } from "../records";
import { pageOf, type PageInput } from "./pages";

const byName = {
  resource: ({ namespaceName }: { namespaceName?: string }, platform: Platform) =>
    namespaceOf(platform, namespaceName).namespaceArn,
};

const described = ({ models }: Platform, record: object) => ({
  namespace: models.serverless.pick("Namespace", record),
});

/** The roles that are handed to Redshift, which the caller must be allowed to pass. */
const passedRoles = ({ iamRoles = [] }: { iamRoles?: string[] }) =>
  iamRoles.map((resource) => ({ action: "iam:PassRole", resource }));

const create = operation<CreateNamespaceRequest>({
  resource: anyResource,
  needs: passedRoles,
  async run({ tags = [], adminUserPassword, ...request }, platform) {
    const { settings, stores, secrets } = platform;
    const name = request.namespaceName ?? "";
    if (stores.namespaces.get(name)) throw conflict(`The namespace ${name} already exists.`);
    const namespaceId = randomUUID();
    const adminUsername = request.adminUsername ?? "admin";
    const record: NamespaceRecord = {
      ...request,
      ...{ namespaceName: name, namespaceId, namespaceArn: arnOf(settings, "namespace", namespaceId) },
      ...{ status: "AVAILABLE", creationDate: new Date().toISOString(), dbName: request.dbName ?? "dev" },
      ...{ adminUsername, iamRoles: request.iamRoles ?? [], tags: tags as NamespaceRecord["tags"] },
      kmsKeyId: request.kmsKeyId ?? "AWS_OWNED_KMS_KEY",
      adminUserPassword,
      adminPasswordSecretArn: request.manageAdminPassword
        ? await secrets.create(name, adminUsername, request.adminPasswordSecretKmsKeyId)
        : undefined,
    };
    stores.namespaces.put(name, record);
    return described(platform, record);
  },
});

const get = operation<{ namespaceName?: string }>({
  ...byName,
  run: ({ namespaceName }, platform) => described(platform, namespaceOf(platform, namespaceName)),
});

const update = operation<UpdateNamespaceRequest>({
  ...byName,
  needs: passedRoles,
  async run({ namespaceName = "", ...changes }, platform) {
    const { secrets, stores } = platform;
    const { adminPasswordSecretArn: secret, adminUsername } = namespaceOf(platform, namespaceName);
    const { manageAdminPassword: managed, adminPasswordSecretKmsKeyId: key } = changes;
    let adminPasswordSecretArn = secret;
    if (managed === true && !secret)
      adminPasswordSecretArn = await secrets.create(namespaceName, adminUsername, key);
    if (managed === false && secret) {
      await secrets.remove(secret);
      adminPasswordSecretArn = undefined;
    }
    const record = stores.namespaces.update(namespaceName, {
      ...(changes as Partial<NamespaceRecord>),
      adminPasswordSecretArn,
    });
    return described(platform, record);
  },
});

const remove = operation<DeleteNamespaceRequest>({
  ...byName,
  async run({ namespaceName = "" }, platform) {
    const { secrets, stores, warehouse } = platform;
    const record = namespaceOf(platform, namespaceName);
    if (stores.workgroups.values().some((one) => one.namespaceName === namespaceName))
      throw conflict(`The namespace ${namespaceName} still has a workgroup: delete that first.`);
    if (record.adminPasswordSecretArn) await secrets.remove(record.adminPasswordSecretArn);
    await warehouse.remove(record.namespaceId);
    stores.namespaces.delete(namespaceName);
    return described(platform, { ...record, status: "DELETING" });
  },
});

const list = operation<PageInput>({
  resource: anyResource,
  run(input, { stores, models }) {
    const { page, nextToken } = pageOf(stores.namespaces.values(), input);
    return { namespaces: page.map((one) => models.serverless.pick("Namespace", one)), nextToken };
  },
});

export const namespaceOperations = {
  CreateNamespace: create,
  GetNamespace: get,
  UpdateNamespace: update,
  DeleteNamespace: remove,
  ListNamespaces: list,
};
