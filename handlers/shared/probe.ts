/** Ids of the release engine's requests, which are no traffic, begin with this where SageMaker captures them. */
export const probeMark = "probe-";
