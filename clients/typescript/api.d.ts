// Generated from model-image/schema.json by 'make clients'. Do not edit.

export interface paths {
  "/predict": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Predict fare
     * @description Send one record, or up to 1000 as `{"instances": [...]}`. All are checked first: when one field of one record is wrong, nothing is predicted and the answer names every field that is.
     */
    post: operations["predict"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/batches": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Begin a batch
     * @description Answers where to upload the file of records. The batch starts by itself when the upload is complete; ask `GET /batches/{id}` how far it is.
     */
    post: operations["createBatch"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/batches/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Ask how far a batch is
     * @description A completed batch has a link to its predictions, and one to the rows that were refused, with reasons.
     */
    get: operations["getBatch"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/subscriptions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Subscribe an address
     * @description Sends a mail with a link to the address; the subscription begins when it is followed.
     */
    post: operations["subscribe"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/subscriptions/removals": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ask for an address to be removed
     * @description Sends a mail with a link to the address, which ends its subscriptions.
     */
    post: operations["requestRemoval"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/unsubscribe": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The page behind a mail's link
     * @description Has a button and changes nothing by itself: mail scanners follow links.
     */
    get: operations["askToUnsubscribe"];
    put?: never;
    /**
     * End a subscription
     * @description What the button of the page does.
     */
    post: operations["unsubscribe"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The playground
     * @description A page to ask for predictions with, made from the schema.
     */
    get: operations["getPlayground"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/health": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether predictions can be made
     * @description Asks SageMaker for the state of the endpoint, every few seconds at most.
     */
    get: operations["getHealth"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/openapi.json": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * This document
     * @description The API as OpenAPI 3.1, for generators of clients, documentation and tests.
     */
    get: operations["getOpenApi"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/schema": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What a record is
     * @description The JSON Schema (2020-12) of the data. A request has its properties with the `x-role` feature and time.
     */
    get: operations["getSchema"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /**
     * Problem
     * @description What went wrong and what to do next (RFC 9457).
     */
    Problem: {
      /** @description The kind of problem, for programs: its end is a name that does not change. */
      type: string;
      /** @description The kind of problem, for people. */
      title: string;
      status: number;
      /** @description What happened this time and what to do next. */
      detail?: string;
      /** @description Name it when you ask for help. */
      requestId?: string;
      /** @description The fields to blame, at most 100. */
      errors?: {
        /** @description Position of the record in `instances`; 0 for a single record. */
        instance?: number;
        field: string;
        /** @description What was sent, shortened when it is long; null when nothing was. */
        value: unknown;
        /** @description Completes the sentence that begins with the field's name. */
        rule: string;
      }[];
    };
    /**
     * Taxi trip
     * @description One New York taxi trip, as the meter and the dispatcher recorded it (NYC TLC trip records).
     * @example {
     *       "pickup": "2019-03-23 20:21:09",
     *       "passengers": 1,
     *       "distance": 1.6,
     *       "color": "yellow",
     *       "pickup_zone": "Lenox Hill West",
     *       "dropoff_zone": "UN/Turtle Bay South",
     *       "pickup_borough": "Manhattan",
     *       "dropoff_borough": "Manhattan"
     *     }
     */
    Record: {
      /**
       * @description When the meter was engaged, in New York local time (no time zone): YYYY-MM-DD HH:MM:SS.
       * @example 2019-03-23 20:21:09
       */
      pickup: string;
      /**
       * @description Passengers in the vehicle, as entered by the driver; 0 when the driver entered none.
       * @example 1
       */
      passengers: number;
      /**
       * @description Length of the trip (when predicting: of the planned route).
       * @example 1.6
       * @example 12.5
       */
      distance: number;
      /**
       * @description Kind of taxi: yellow (anywhere) or green (picks up outside Manhattan's core).
       * @example yellow
       * @enum {string}
       */
      color: "green" | "yellow";
      /**
       * @description TLC taxi zone in which the trip starts; empty or null when it is not known.
       * @example Lenox Hill West
       * @example JFK Airport
       */
      pickup_zone?: string | null;
      /**
       * @description TLC taxi zone in which the trip is to end; empty or null when it is not known.
       * @example UN/Turtle Bay South
       */
      dropoff_zone?: string | null;
      /**
       * @description Borough in which the trip starts (EWR: Newark airport); empty or null when it is not known.
       * @example Manhattan
       * @enum {string|null}
       */
      pickup_borough?: "Bronx" | "Brooklyn" | "EWR" | "Manhattan" | "Queens" | "Staten Island" | null;
      /**
       * @description Borough in which the trip is to end (EWR: Newark airport); empty or null when it is not known.
       * @example Manhattan
       * @enum {string|null}
       */
      dropoff_borough?: "Bronx" | "Brooklyn" | "EWR" | "Manhattan" | "Queens" | "Staten Island" | null;
    };
    Instances: {
      instances: components["schemas"]["Record"][];
    };
    /** @description Time-and-distance fare by the meter, without extras, tax, tip and tolls. */
    Prediction: {
      /** @description The most likely value. */
      value: number;
      /** @description Where the interval begins that holds most true values. */
      lower: number;
      /** @description Where that interval ends. */
      upper: number;
      /**
       * @description Of value, lower and upper.
       * @constant
       */
      unit: "USD";
    };
    Predictions: {
      /** @description One a record, in the order of the records. */
      predictions: components["schemas"]["Prediction"][];
      /**
       * @description The release that made the predictions: it can be traced to code, data and image.
       * @example 3f9c2a17be04
       */
      release: string;
      /** @description Also in the header `x-request-id`. */
      requestId: string;
    };
    BatchRequest: {
      /**
       * @description Of the file: CSV with a header, or one JSON record a line.
       * @enum {string}
       */
      format: "csv" | "jsonl";
    };
    Batch: {
      id: string;
      /**
       * @description Of the upload and of the predictions.
       * @enum {string}
       */
      format: "csv" | "jsonl";
      /**
       * Format: date-time
       * @description Until when all of the batch is kept.
       */
      kept: string;
      /**
       * @description `expired`: the file did not come in time.
       * @enum {string}
       */
      status: "awaiting-upload" | "queued" | "running" | "completed" | "failed" | "expired";
      /** Format: date-time */
      created: string;
      /** @description How to send the file, while it is awaited. */
      upload?: {
        /** @enum {string} */
        method: "POST";
        /** Format: uri */
        url: string;
        /** @description The form's fields, before the file, which is the last one and named `file`. */
        fields: {
          [key: string]: string;
        };
        /** Format: date-time */
        expires: string;
        /** @description Size of the file at most. */
        maxBytes: number;
      };
      /** @description Records in the file, and those that are done. */
      progress: {
        /** @description Null until the file was read. */
        rows: number | null;
        done: number;
      };
      /** @description That predicts; null until it is known. */
      release: string | null;
      /** @description What is predicted. */
      target: string;
      /** @description Of what is predicted. */
      unit: string;
      /** @description Why the batch has failed, and what to do next. */
      reason?: string;
      /** @description The predictions, when the batch is completed. */
      download?: {
        /**
         * Format: uri
         * @description Holds its own permission: keep it to yourself.
         */
        url: string;
        /** Format: date-time */
        expires?: string;
      };
      /** @description The rows that were refused, with their reasons. */
      rejected?: {
        /**
         * Format: uri
         * @description Holds its own permission: keep it to yourself.
         */
        url: string;
        rows?: number;
        /** Format: date-time */
        expires?: string;
      };
    };
    Subscription: {
      /** Format: email */
      email: string;
      /** @description Of events; all when left out. */
      kinds?: string[];
      /**
       * @description Nothing below it is sent.
       * @enum {string}
       */
      minSeverity?: "info" | "warning" | "error";
    };
    Removal: {
      /** Format: email */
      email: string;
    };
    Health: {
      /** @constant */
      status: "ok";
      /**
       * @description The release that made the predictions: it can be traced to code, data and image.
       * @example 3f9c2a17be04
       */
      release: string;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  predict: {
    parameters: {
      query?: never;
      header?: {
        /** @description Any text of your choice, such as a UUID. A request that is sent again with the same key and body within 24 hours gets the first answer, and counts once for those who are told of the results. */
        "Idempotency-Key"?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Record"] | components["schemas"]["Instances"];
      };
    };
    responses: {
      /** @description The predictions. */
      200: {
        headers: {
          /** @description Name it when you ask for help: the answer is found in the logs by it. */
          "x-request-id"?: string;
          /** @description `true` when this is the answer that an earlier request with the same key got. */
          "idempotent-replayed"?: "true";
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "predictions": [
           *         {
           *           "value": 7,
           *           "lower": 5.25,
           *           "upper": 10.5,
           *           "unit": "USD"
           *         }
           *       ],
           *       "release": "3f9c2a17be04",
           *       "requestId": "5e4c1b2a-0d3f-4a6b-9c8d-7e6f5a4b3c2d"
           *     }
           */
          "application/json": components["schemas"]["Predictions"];
        };
      };
      /** @description The request is not as it must be; `errors` says which fields are to blame. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The header `x-api-key` is missing or its key is not known. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Another request stands in the way. Wait for its answer, then send this one again. */
      409: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Send less at once. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Send `content-type: application/json`. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request is well formed, but contradicts an earlier one. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The model could not make a prediction, and not because of the request. */
      502: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Nothing is wrong with the request: it will work after the seconds that `retry-after` names. */
      503: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The answer took longer than 29 seconds. Send the request again, with fewer records if it has many. */
      504: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  createBatch: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "format": "csv"
         *     }
         */
        "application/json": components["schemas"]["BatchRequest"];
      };
    };
    responses: {
      /** @description The batch waits for its file: send a form (multipart/form-data) to `upload.url`: all of `upload.fields`, then the file as `file`. */
      201: {
        headers: {
          /** @description Name it when you ask for help: the answer is found in the logs by it. */
          "x-request-id"?: string;
          /** @description Where the batch is found, relative to this address. */
          location?: string;
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "id": "5d0e4c398f432f1f6f0f5a10",
           *       "status": "awaiting-upload",
           *       "created": "2026-03-23T20:21:09.000Z",
           *       "format": "csv",
           *       "kept": "2026-03-30T20:21:09.000Z",
           *       "progress": {
           *         "rows": null,
           *         "done": 0
           *       },
           *       "release": null,
           *       "target": "value",
           *       "unit": "units",
           *       "upload": {
           *         "method": "POST",
           *         "url": "https://example.com/",
           *         "fields": {
           *           "key": "batches/inputs/5d0e4c398f432f1f6f0f5a10.csv",
           *           "Policy": "..."
           *         },
           *         "expires": "2026-03-23T21:21:09.000Z",
           *         "maxBytes": 500000000
           *       }
           *     }
           */
          "application/json": components["schemas"]["Batch"];
        };
      };
      /** @description The request is not as it must be; `errors` says which fields are to blame. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The header `x-api-key` is missing or its key is not known. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Send less at once. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Send `content-type: application/json`. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Nothing is wrong with the request: it will work after the seconds that `retry-after` names. */
      503: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The answer took longer than 29 seconds. Send the request again, with fewer records if it has many. */
      504: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getBatch: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Of the batch. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The batch as it is now. */
      200: {
        headers: {
          /** @description Name it when you ask for help: the answer is found in the logs by it. */
          "x-request-id"?: string;
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "id": "5d0e4c398f432f1f6f0f5a10",
           *       "status": "completed",
           *       "format": "csv",
           *       "created": "2026-03-23T20:21:09.000Z",
           *       "kept": "2026-03-30T20:21:09.000Z",
           *       "target": "value",
           *       "unit": "units",
           *       "progress": {
           *         "rows": 6433,
           *         "done": 6433
           *       },
           *       "release": "3f9c2a17be04",
           *       "download": {
           *         "url": "https://example.com/download",
           *         "expires": "2026-03-23T21:21:09.000Z"
           *       }
           *     }
           */
          "application/json": components["schemas"]["Batch"];
        };
      };
      /** @description The header `x-api-key` is missing or its key is not known. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description There is nothing of that name. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The answer took longer than 29 seconds. Send the request again, with fewer records if it has many. */
      504: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  subscribe: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "you@example.com",
         *       "kinds": [
         *         "release.deployed"
         *       ]
         *     }
         */
        "application/json": components["schemas"]["Subscription"];
      };
    };
    responses: {
      /** @description A mail is on its way, unless the address is subscribed already. */
      202: {
        headers: {
          /** @description Name it when you ask for help: the answer is found in the logs by it. */
          "x-request-id"?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is not as it must be; `errors` says which fields are to blame. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The header `x-api-key` is missing or its key is not known. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Send less at once. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Send `content-type: application/json`. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The answer took longer than 29 seconds. Send the request again, with fewer records if it has many. */
      504: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  requestRemoval: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "you@example.com"
         *     }
         */
        "application/json": components["schemas"]["Removal"];
      };
    };
    responses: {
      /** @description A mail is on its way, if the address is subscribed. */
      202: {
        headers: {
          /** @description Name it when you ask for help: the answer is found in the logs by it. */
          "x-request-id"?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is not as it must be; `errors` says which fields are to blame. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The header `x-api-key` is missing or its key is not known. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Send less at once. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Send `content-type: application/json`. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The answer took longer than 29 seconds. Send the request again, with fewer records if it has many. */
      504: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  askToUnsubscribe: {
    parameters: {
      query: {
        /** @description From the mail. */
        token: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page with a button. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/html": string;
        };
      };
      /** @description The request is not as it must be; `errors` says which fields are to blame. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  unsubscribe: {
    parameters: {
      query: {
        /** @description From the mail. */
        token: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The subscription has ended. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/html": string;
        };
      };
      /** @description The request is not as it must be; `errors` says which fields are to blame. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getPlayground: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The page. */
      200: {
        headers: {
          /** @description Send it as `if-none-match`: the answer is 304, without a body, while nothing has changed. */
          etag?: string;
          [name: string]: unknown;
        };
        content: {
          "text/html": string;
        };
      };
      /** @description Nothing has changed since the answer with that ETag. */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getHealth: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A release is served. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "status": "ok",
           *       "release": "3f9c2a17be04"
           *     }
           */
          "application/json": components["schemas"]["Health"];
        };
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Nothing is wrong with the request: it will work after the seconds that `retry-after` names. */
      503: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getOpenApi: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The document. */
      200: {
        headers: {
          /** @description Send it as `if-none-match`: the answer is 304, without a body, while nothing has changed. */
          etag?: string;
          [name: string]: unknown;
        };
        content: {
          "application/json": Record<string, never>;
        };
      };
      /** @description Nothing has changed since the answer with that ETag. */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  getSchema: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The schema. */
      200: {
        headers: {
          /** @description Send it as `if-none-match`: the answer is 304, without a body, while nothing has changed. */
          etag?: string;
          [name: string]: unknown;
        };
        content: {
          "application/schema+json": Record<string, never>;
        };
      };
      /** @description Nothing has changed since the answer with that ETag. */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Your key's limit is reached. Slow down, and send the request again. */
      429: {
        headers: {
          /** @description Seconds to wait. */
          "retry-after"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A fault of the API. If it happens again, tell the team, with the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
}
