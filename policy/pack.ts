import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies";

new PolicyPack("slipway", { policies, enforcementLevel: "mandatory" });
