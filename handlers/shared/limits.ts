/** Records in one request for predictions. */
export const maxInstances = 1000;
