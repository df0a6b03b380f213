import { version } from "@pulumi/aws/package.json";
import { servePlugin } from "../shared/server";
import { findInvoke, findType } from "./types";

void servePlugin({ name: "aws", version, type: findType, invoke: findInvoke });
