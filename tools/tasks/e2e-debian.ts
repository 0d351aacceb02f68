// The main job on real Debian machine images of 8 GiB, with two stamps; outside the default run because of its size.
import { runCommand } from "./step.ts";

process.exitCode = await runCommand("node", ["e2e/debian/main.ts"]);
