/** Environment of each call of the Pulumi CLI. */
export const cliEnvironment = {
  // The file of a pull request's stack is not in the repository; the state says what encrypts its secrets.
  PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
};
