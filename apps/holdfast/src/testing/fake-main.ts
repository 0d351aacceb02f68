import { runCli } from "../cli/run-cli.ts";
import { createProcessTerminal } from "../cli/terminal.ts";
import { createFakeServices } from "./fake-services.ts";

// The command with a fake stamp and a fake repository behind it; the catalog, the streams and the process are real.
process.exitCode = await runCli(process.argv.slice(2), {
  terminal: createProcessTerminal(),
  services: createFakeServices(process.env),
});
