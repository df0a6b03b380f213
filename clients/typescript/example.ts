/**
 * Asks for predictions of one record and of two:
 *
 *     API_URL=https://... API_KEY=... npx tsx clients/typescript/example.ts
 */
import { createSlipwayClient, type PredictionRecord } from "./client";

const { API_URL = "", API_KEY = "" } = process.env;

const trip: PredictionRecord = {
  pickup: "2019-03-23 20:21:09",
  passengers: 1,
  distance: 1.6,
  color: "yellow",
  pickup_zone: "Lenox Hill West",
};

async function main(): Promise<void> {
  const client = createSlipwayClient(API_URL, API_KEY);
  const one = await client.POST("/predict", { body: trip });
  if (one.error) throw new Error(`${one.error.title}: ${one.error.detail}`);
  const [prediction] = one.data.predictions;
  console.log(JSON.stringify(prediction));

  const body = { instances: [trip, { ...trip, distance: 12.5 }] };
  const two = await client.POST("/predict", { body });
  if (two.error) throw new Error(`${two.error.title}: ${two.error.detail}`);
  for (const { value, unit } of two.data.predictions) console.log(`${value.toFixed(2)} ${unit}`);
}

void main();
