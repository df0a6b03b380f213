import { type OutsideIcon } from "./flows";
import { type Service } from "./services";

export type Icon = Service | OutsideIcon;

/** Line glyphs on 24 x 24, drawn for this project: paths to be stroked. */
export const icons: Record<Icon, string> = {
  sagemaker:
    "M5 4.5a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM5 15.5a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM12 10a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM19 4.5a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM19 15.5a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM6.6 7.8l3.8 3M6.6 16.2l3.8-3M13.6 10.8l3.8-3M13.6 13.2l3.8 3",
  apigateway: "M7.5 5L3 12l4.5 7M16.5 5L21 12l-4.5 7M13.5 6l-3 12",
  lambda: "M6 4h3.5l7.5 16h2.5M11.5 9.5L6 20",
  s3: "M4 6.5c0-3 16-3 16 0s-16 3-16 0l2 12.5c.4 2 11.6 2 12 0l2-12.5",
  kinesis: "M3 8c3-4 6 4 9 0s6 4 9 0M3 13c3-4 6 4 9 0s6 4 9 0M3 18c3-4 6 4 9 0s6 4 9 0",
  dynamodb: "M4 5h16v14H4zM4 9.7h16M4 14.3h16M10 5v14",
  rds: "M5 6c0-2.7 14-2.7 14 0s-14 2.7-14 0v12c0 2.7 14 2.7 14 0V6M5 12c0 2.7 14 2.7 14 0",
  redshift: "M4 20V9l8-5 8 5v11zM8 20v-5M12 20v-9M16 20v-7",
  ecr: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  sqs: "M2.5 8.5h5v7h-5zM9.5 8.5h5v7h-5zM16.5 8.5h5v7h-5zM4 5h14M15.5 2.5L18 5l-2.5 2.5",
  sns: "M3 10v4h3.5L15 19V5l-8.5 5zM18 9c2 1.5 2 4.5 0 6M6.5 14l1.5 5",
  codepipeline:
    "M6 3a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM6 17a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM18 7a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM6 7v10M18 11c0 4-12 1-12 6",
  budgets:
    "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18zM14.8 9c-1-2-5.3-1.8-5.3.8 0 2.6 5.3 1.7 5.3 4.4 0 2.5-4.5 2.6-5.6.6M12 6v12",
  parameters:
    "M3 7h9M16 7h5M3 17h5M12 17h9M14 5a2 2 0 1 0 0 4 2 2 0 1 0 0-4zM10 15a2 2 0 1 0 0 4 2 2 0 1 0 0-4z",
  network: "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
  kms: "M8 12a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM11 13l8.5-8.5M15.5 8.5l3 3",
  eventbridge: "M13 3L5 14h6l-1 7 8-11h-6z",
  cloudwatch: "M3 12h4l3-7 4 14 3-7h4",
  iam: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  other: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM4.5 21c0-8 15-8 15 0z",
  people:
    "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 1 0 0-7zM2.5 20c0-7 13-7 13 0zM16 5.5c4 .5 4 6 .5 6.5M18.5 20h3c0-3.5-2-5-4.5-5.5",
  world: "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18zM3 12h18M12 3c-5 4-5 14 0 18M12 3c5 4 5 14 0 18",
  letter: "M3 6h18v13H3zM3 7l9 7 9-7",
};
