import createClient, { type Client } from "openapi-fetch";
import { type components, type paths } from "./api";

/** What is predicted from. */
export type PredictionRecord = components["schemas"]["Record"];
export type Prediction = components["schemas"]["Prediction"];
/** What went wrong and what to do next (RFC 9457). */
export type Problem = components["schemas"]["Problem"];

/**
 * A client of a Slipway API whose requests and answers have types.
 *
 * @param url of the API, such as `https://abc.execute-api.eu-west-1.amazonaws.com/v1`.
 */
export const createSlipwayClient = (url: string, apiKey: string): Client<paths> =>
  createClient<paths>({ baseUrl: url, headers: { "x-api-key": apiKey } });
