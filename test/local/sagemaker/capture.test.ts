import { expect } from "chai";
import { capturedLine } from "../../../local/sagemaker/endpoints/capture";

const time = new Date("2026-11-29T20:16:05.123Z");
const exchange = {
  ...{ eventId: "7e7a", inferenceId: "5f0e" },
  input: { contentType: "text/csv; charset=utf-8", body: Buffer.from("1,2\n") },
  output: { contentType: "application/json", body: Buffer.from('{"a": 1}') },
};
const config = { InitialSamplingPercentage: 100, DestinationS3Uri: "s3://b/captured" };

/** Against the example of https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html. */
describe("a line of captured data", () => {
  it("has bodies as they are, of the content types that the configuration names", () => {
    const options = {
      CaptureOptions: [{ CaptureMode: "Input" as const }, { CaptureMode: "Output" as const }],
      CaptureContentTypeHeader: { CsvContentTypes: ["text/csv"], JsonContentTypes: ["application/json"] },
    };
    expect(capturedLine({ ...config, ...options }, exchange, time)).to.deep.equal({
      captureData: {
        endpointInput: {
          ...{
            observedContentType: "text/csv; charset=utf-8",
            mode: "INPUT",
            data: "1,2\n",
            encoding: "CSV",
          },
        },
        endpointOutput: {
          ...{ observedContentType: "application/json", mode: "OUTPUT", data: '{"a": 1}', encoding: "JSON" },
        },
      },
      eventMetadata: { eventId: "7e7a", inferenceId: "5f0e", inferenceTime: "2026-11-29T20:16:05Z" },
      eventVersion: "0",
    });
  });

  it("has others in Base64, only what is asked for, and no inference id that nobody gave", () => {
    const options = { CaptureOptions: [{ CaptureMode: "Output" as const }] };
    const line = capturedLine({ ...config, ...options }, { ...exchange, inferenceId: undefined }, time);
    expect(line).to.deep.equal({
      captureData: {
        endpointOutput: {
          ...{
            observedContentType: "application/json",
            mode: "OUTPUT",
            data: "eyJhIjogMX0=",
            encoding: "BASE64",
          },
        },
      },
      eventMetadata: { eventId: "7e7a", inferenceTime: "2026-11-29T20:16:05Z" },
      eventVersion: "0",
    });
  });
});
