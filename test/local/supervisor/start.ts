/** `start.ts HOME`: starts stand-ins as a command of its own would, and prints the supervisor's process id. */
import { startLocal } from "../../../local/supervisor/client";
import { standIns } from "./stand-ins";

startLocal({ home: process.argv[2], services: standIns }).then(
  ({ pid }) => console.log(pid),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
