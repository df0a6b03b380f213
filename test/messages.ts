import { config } from "chai";

// A command's whole output in the message of a failure: its end says what went wrong.
config.truncateThreshold = 0;
