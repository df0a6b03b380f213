import { type Problem } from "./problem";

/** There is no endpoint to ask. */
export const noRelease: Problem = {
  status: 503,
  name: "no-release",
  title: "There is no model yet",
  detail:
    "Nothing has been released on this stack yet, so nothing can be predicted. Try again after the first release.",
  retryAfter: 60,
};

/** There is an endpoint, and it does not answer yet. */
export const notReady: Problem = {
  status: 503,
  name: "not-ready",
  title: "The model is not ready",
  detail:
    "The model is starting or changing over. Nothing is wrong with the request: send it again in a few seconds.",
  retryAfter: 10,
};
