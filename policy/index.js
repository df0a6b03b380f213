// The Pulumi CLI starts the policy pack here; what it is made of is TypeScript.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ||= "true";
require("../register");
require("./pack.ts");
