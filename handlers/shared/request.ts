import { type APIGatewayProxyEvent } from "aws-lambda";

/** A header, however it is spelled. */
export function header(headers: APIGatewayProxyEvent["headers"] | null, name: string): string | undefined {
  return Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The body as it was sent; empty when there is none. */
export const bodyOf = ({ body, isBase64Encoded }: APIGatewayProxyEvent): Buffer =>
  Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8");
